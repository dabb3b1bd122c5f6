"""Hypothesis strategies for whoever tests software around Kick: the same ones that test this library.

What may come from Kick is drawn from the tables that read it: the payload structs, the decoder rows, the topics. So an
event that is added is drawn at once, in every shape that its decoder accepts. Take what is nearest to what you test:

======================  =============================================================================================
``events_of(type)``     unified events, for code that is handed events (a bot's ``on_event``)
``frames_of(type, ch)`` frames of such events, to be published by a ``KickServer`` in a ``World``
``texts(channel)``      any text of the socket, for code that reads it
``payloads_of(row)``    JSON values that a decoder row accepts, for a decoder of one's own
``session_scripts``     lives of a session, for machines and for drivers
``schedules()``         when the mock does what wrong, for what must recover
``responses()``         HTTP answers, good and bad; ``rows_responses(kind)`` for one endpoint's
``transcripts()``       whole recordings, for what reads, converts or replays them
``damaged_transcripts`` recordings to which something has happened, with what must still be readable of them
======================  =============================================================================================

All of them shrink: towards fields left out, few frames, few faults, short times, and equal draws give equal values.
They draw no other chance. Hypothesis comes with ``kick-proto[testing]``.
"""

from kick_proto.testing.strategies.damage import Damaged, damaged_transcripts
from kick_proto.testing.strategies.events import events_of, reads
from kick_proto.testing.strategies.faults import RECOVERABLE, Schedule, Turn, act_out, faults, schedules
from kick_proto.testing.strategies.frames import (
    channels,
    frames,
    frames_of,
    malformed_texts,
    protocol_texts,
    texts,
    undecodable_frames,
    unknown_frames,
    well_formed_texts,
)
from kick_proto.testing.strategies.payloads import payloads_making, payloads_of
from kick_proto.testing.strategies.recordings import Recorded, transcripts
from kick_proto.testing.strategies.responses import (
    failures,
    garbled_responses,
    json_response,
    responses,
    row_responses,
    rows_responses,
    token_responses,
    whole_responses,
)
from kick_proto.testing.strategies.scripts import (
    LATEST,
    Due,
    Hear,
    Script,
    Step,
    Tell,
    Wait,
    obey,
    play,
    session_scripts,
)
from kick_proto.testing.strategies.values import Told, json_values, moments, texts_of_people, values_of

__all__ = [
    "LATEST",
    "RECOVERABLE",
    "Damaged",
    "Due",
    "Hear",
    "Recorded",
    "Schedule",
    "Script",
    "Step",
    "Tell",
    "Told",
    "Turn",
    "Wait",
    "act_out",
    "channels",
    "damaged_transcripts",
    "events_of",
    "failures",
    "faults",
    "frames",
    "frames_of",
    "garbled_responses",
    "json_response",
    "json_values",
    "malformed_texts",
    "moments",
    "obey",
    "payloads_making",
    "payloads_of",
    "play",
    "protocol_texts",
    "reads",
    "responses",
    "row_responses",
    "rows_responses",
    "schedules",
    "session_scripts",
    "texts",
    "texts_of_people",
    "token_responses",
    "transcripts",
    "undecodable_frames",
    "unknown_frames",
    "values_of",
    "well_formed_texts",
    "whole_responses",
]

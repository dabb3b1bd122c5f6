"""A recording that tells of nobody, made from one that does: its steps in disguise, played once more.

Only what went in is disguised. What came out is recorded anew, from the machine that is given the disguised steps, so
the two always fit together, and what is made is a recording like others. Its times are those of the original, set back
on the calendar by a constant that the key decides; on the recording's clock nothing changes.

What it keeps: names of events, Kick's own words, badges, colours, counts, punctuation, how long a word is and how often
it comes. Whoever knows what was said on a channel at a time may know the recording again by these; and the emojis of
rare ranges stay. It is for showing what Kick sends to people who are to know no names, not for publishing secrets.
"""

from collections.abc import Sequence

import msgspec

from kick_proto.clusters import KICK_CLUSTERS, cluster
from kick_proto.ids import Channel, ChannelId, ChatroomId
from kick_proto.machine import Received
from kick_proto.provider import Endpoint
from kick_proto.pusher import KICK_APP_KEY
from kick_proto.recording.disguise import Disguise, names_in
from kick_proto.recording.lines import Command, Header, Heard, Lost, Step, Unreachable, input_line, input_of
from kick_proto.recording.pseudonyms import Pseudonyms
from kick_proto.recording.replaying import MakeMachine, Replayed, replay
from kick_proto.recording.setup import Setup
from kick_proto.recording.transcript import Numbered, Transcript

__all__ = ["anonymise"]

PUBLIC_HOSTS = frozenset({*(cluster(name).host for name in KICK_CLUSTERS), "localhost", "127.0.0.1", "::1"})
"""Hosts that tell of nobody."""


def anonymise(transcript: Transcript, key: bytes, make_machine: MakeMachine | None = None) -> Replayed:
    """The recording without names: its lines, and its events. ``make_machine`` is as in ``replay``.

    Raises:
        ValueError: the key is too short, there is no header, or no machine can be made from it.
    """
    told = [text for each in transcript.lines if isinstance(each.line, Heard) for text in _texts(each.line)]
    names = {name for text in told for name in names_in(text)}
    disguise = Disguise(Pseudonyms(key), names)
    header = transcript.header
    disguised = Transcript(
        None if header is None else _header(disguise, header),
        tuple(
            Numbered(each.number, _step(disguise, each.line) if isinstance(each.line, Step) else each.line)
            for each in transcript.lines
        ),
    )
    return replay(disguised, make_machine)


def _header(disguise: Disguise, header: Header) -> Header:
    setup = None if header.setup is None else _setup(disguise, header.setup)
    return msgspec.structs.replace(header, unix_started_at=disguise.moment(header.unix_started_at), setup=setup)


def _setup(disguise: Disguise, setup: Setup) -> Setup:
    app = setup.provider
    key = app.key if app.key == KICK_APP_KEY else disguise.text(app.key)
    endpoints = tuple(_endpoint(disguise, each) for each in app.endpoints)
    provider = msgspec.structs.replace(app, key=key, endpoints=endpoints)
    return msgspec.structs.replace(setup, provider=provider)


def _endpoint(disguise: Disguise, endpoint: Endpoint) -> Endpoint:
    if endpoint.host in PUBLIC_HOSTS:
        return endpoint
    return msgspec.structs.replace(endpoint, cluster=disguise.text(endpoint.cluster), host=disguise.text(endpoint.host))


def _step(disguise: Disguise, step: Step) -> Step:
    match step:
        case Heard():
            texts = [disguise.frame(text) for text in _texts(step)]
            return input_line(step.at, Received(step.ref, texts, disguise.moment(step.unix_now)))
        case Command(channel=Channel() as channel):
            topics = None if step.topics is None else tuple(map(disguise.topic, step.topics))
            return msgspec.structs.replace(step, channel=_channel(disguise, channel), topics=topics)
        case Lost() | Unreachable():
            return msgspec.structs.replace(step, reason=disguise.text(step.reason))
        case _:
            return step


def _texts(line: Heard) -> Sequence[str]:
    received = input_of(line)
    return received.data if isinstance(received, Received) else []


def _channel(disguise: Disguise, channel: Channel) -> Channel:
    return msgspec.structs.replace(
        channel,
        channel_id=ChannelId(disguise.number(channel.channel_id)),
        chatroom_id=ChatroomId(disguise.number(channel.chatroom_id)),
        slug=disguise.text(channel.slug),
    )

"""Scripts, schedules and responses: what is played against a machine, a server, and whoever calls over HTTP."""

import random
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kick_proto import session as sessions
from kick_proto.backoff import Backoff
from kick_proto.endpoints import oauth, reading
from kick_proto.endpoints.call import Call
from kick_proto.endpoints.public import channels as public
from kick_proto.errors import NotFound, RemoteProtocolError
from kick_proto.frames import Frame, encode_frame
from kick_proto.http import Response
from kick_proto.ids import topics_of
from kick_proto.lifecycle import Up
from kick_proto.machine import Closed, Failed, Open, Opened, Received, Transmit
from kick_proto.outcomes import classify
from kick_proto.provider import Confirmed
from kick_proto.secret import Secret
from kick_proto.session import Config, Session, State
from kick_proto.testing import strategies
from kick_proto.testing.faults import NO_FAULTS
from kick_proto.testing.strategies import LATEST, Due, Hear, Script, Tell, Wait
from kick_proto.testing.world import UNIX_EPOCH
from tests.contract import LAWS, Law, Subject, armed
from tests.drawing import drawn
from tests.scenes import FOX, OWL, chat, kick_server, watching

APP = oauth.App(client_id="app-1")
ESTABLISHED = encode_frame(Frame("pusher:connection_established", "", '{"socket_id":"1.2"}'))


def new_session() -> Session:
    return Session(Config(backoff=Backoff(jitter="none", retries=2)), rng=random.Random(7))


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@settings(max_examples=15)
@given(data=st.data())
def test_the_scripts_of_a_session_find_every_law_obeyed(law: Law, data: st.DataObject) -> None:
    subject: Subject[Session] = Subject(
        new_session, strategies.session_scripts(FOX, OWL), see_timers=armed(sessions.ARMED)
    )
    script = data.draw(subject.scripts)
    law(subject, script, data.draw(st.integers(0, len(script))))


@drawn(lambda: strategies.session_scripts(FOX))
def test_a_script_can_be_played_twice_alike(script: Script) -> None:
    assert strategies.play(new_session(), script) == strategies.play(new_session(), script)


def test_play_is_a_driver() -> None:
    session = new_session()
    told = strategies.play(
        session,
        [
            Hear(Opened(LATEST)),  # for no socket: left out
            Tell("subscribe", (FOX,)),
            Tell("connect"),
            Hear(Received(LATEST, [ESTABLISHED], UNIX_EPOCH)),  # not opened yet: left out
            Hear(Opened(LATEST)),
            Hear(Opened(LATEST)),  # told already: left out
            Hear(Received(LATEST, [ESTABLISHED], UNIX_EPOCH)),
            Wait(2.0),
            Hear(Received(LATEST, [encode_frame(chat("m-1"))], UNIX_EPOCH)),
            Hear(Closed(LATEST, 4200)),
            Hear(Received(LATEST, [encode_frame(chat("m-2"))], UNIX_EPOCH)),  # a dead socket: left out
            Hear(Failed(LATEST, "gone")),
            Tell("connect"),  # illegal: nothing changes
        ],
    )
    assert [type(each).__name__ for each in told] == ["Up", "ChatMessage", "Down", "Down"]
    assert session.state is State.WAITING


def test_due_goes_to_the_next_timer_and_no_further() -> None:
    session = new_session()
    strategies.play(session, [Due(), Tell("connect"), Hear(Failed(LATEST, "x"))])
    assert session.state is not State.IDLE


class Diary:
    """A machine that writes down what it is told and when; it opens a socket for each ``connect``, and is due at 3."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, Any]] = []
        self.outputs: list[Any] = []
        self.opened = 0

    def connect(self, now: float) -> None:
        self.opened += 1
        self.outputs += [Open(self.opened, "a.test", 1, tls=False), Transmit(self.opened, [])]

    def handle_input(self, now: float, received: Any) -> None:
        self.heard.append((now, received))

    def handle_timeout(self, now: float) -> None:
        self.heard.append((now, None))

    def poll_output(self) -> Any:
        return self.outputs.pop(0) if self.outputs else None

    def take_events(self) -> list[int]:
        return [self.opened]

    def poll_timeout(self) -> float | None:
        return 3.0 if self.opened else None


def test_play_tells_what_may_come_and_when() -> None:
    diary: Any = Diary()
    script: Script = [
        *(Due(), Wait(1.0), Tell("connect"), Due(), Wait(2.0), Due()),
        *(Hear(Opened(LATEST)), Hear(Failed(LATEST, "late")), Hear(Closed(LATEST, 1000)), Hear(Closed(LATEST, 1000))),
        *(Tell("connect"), Hear(Received(LATEST, [], UNIX_EPOCH)), Hear(Opened(LATEST))),
        *(Hear(Opened(LATEST)), Hear(Received(LATEST, ["a"], UNIX_EPOCH))),
    ]
    assert strategies.play(diary, script) == [0, 0, *[1] * 8, *[2] * 5]
    assert diary.heard == [
        *((0.0, None), (1.0, None), (3.0, None), (5.0, None), (5.0, None)),
        *((5.0, Opened(1)), (5.0, Closed(1, 1000))),
        *((5.0, Opened(2)), (5.0, Received(2, ["a"], UNIX_EPOCH))),
    ]
    strategies.play(diary, [Wait(1.0)], 7.0)
    assert diary.heard[-1] == (8.0, None)


def counts(script: Script) -> tuple[bool, bool]:
    told = strategies.play(new_session(), script)
    return any(isinstance(each, Up) for each in told), any(isinstance(each, Confirmed) for each in told)


def test_most_scripts_lead_a_session_into_its_life() -> None:
    seen: list[tuple[bool, bool]] = []

    @settings(max_examples=100, database=None, derandomize=True)
    @given(strategies.session_scripts(FOX))
    def look(script: Script) -> None:
        seen.append(counts(script))

    look()
    assert sum(up for up, _ in seen) > len(seen) / 3
    assert sum(confirmed for _, confirmed in seen) > len(seen) / 8


@drawn(lambda: strategies.schedules(most=3), most=15)
def test_a_session_outlives_every_schedule_of_faults(schedule: strategies.Schedule) -> None:
    server = kick_server()
    session, world = watching(FOX, servers=server, config=Config(backoff=Backoff(jitter="none", retries=None)))
    strategies.act_out(schedule, world, server)
    world.advance(400.0)
    assert session.state is State.UP
    assert session.confirmed == set(topics_of(FOX))


@drawn(lambda: strategies.schedules(most=2))
def test_a_schedule_ends_in_peace(schedule: strategies.Schedule) -> None:
    assert len(schedule) <= 3
    assert schedule[-1].faults == NO_FAULTS


@drawn(strategies.failures)
def test_a_failure_is_told_as_one(response: Response) -> None:
    assert classify(response, UNIX_EPOCH) is not None


def read(call: Call[Any], response: Response) -> Any:
    """What a client makes of an answer: None for a failure, and what its own errors say of what it cannot read."""
    if classify(response, UNIX_EPOCH) is not None:
        return None
    with suppress(RemoteProtocolError, NotFound):
        return call.parse(response)
    return None


@drawn(strategies.responses)
def test_any_answer_is_read_or_refused(response: Response) -> None:
    read(public.by_slug("fox"), response)
    read(oauth.refresh(APP, Secret("r-1")), response)


@drawn(lambda: strategies.rows_responses(public.Category))
def test_the_rows_of_an_answer_are_read(response: Response) -> None:
    rows, sent = reading.rows(response, public.Category), msgspec.json.decode(response.body)["data"]
    assert [each.id for each in rows] == [each.get("id", 0) for each in sent]


@drawn(lambda: strategies.row_responses(public.Category))
def test_the_row_of_an_answer_is_read(response: Response) -> None:
    assert isinstance(reading.row(response, public.Category), public.Category)


@drawn(lambda: strategies.whole_responses(public.Category))
def test_an_answer_without_an_envelope_is_read(response: Response) -> None:
    assert isinstance(reading.whole(response, public.Category), public.Category)


@drawn(strategies.token_responses)
def test_tokens_are_read(response: Response) -> None:
    reply = read(oauth.refresh(APP, Secret("r-1")), response)
    body = msgspec.json.decode(response.body)
    assert (reply.access_token, reply.lifetime) == (Secret(body["access_token"]), body["expires_in"])


@drawn(strategies.garbled_responses)
def test_a_garbled_answer_is_no_failure_to_the_client(response: Response) -> None:
    assert classify(response, UNIX_EPOCH) is None
    assert read(oauth.refresh(APP, Secret("r-1")), response) is None

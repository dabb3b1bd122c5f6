"""Who acts in a world of the simulation: an application with its sessions and its twin, and a server."""

import random
import re

import msgspec
import pytest

from kick_proto.errors import LocalProtocolError
from kick_proto.frames import PING, PONG, Frame, encode_frame
from kick_proto.ids import topics_of
from kick_proto.lifecycle import Up
from kick_proto.machine import Cancel, Close, Closed, Open, Opened, Received, Transmit
from kick_proto.pusher import KICK_APP_KEY, App
from kick_proto.session import Config
from kick_proto.testing.faults import NO_FAULTS, Faults
from kick_proto.testing.personalities import HOSTED, PERSONALITIES
from kick_proto.testing.server import Accepted, KickServer
from kick_proto.testing.serving import ServerFraming
from kick_proto.testing.simulation.actors import Application, Host
from kick_proto.testing.simulation.chance import Chance
from kick_proto.testing.simulation.decisions import Twin, TwinKind
from kick_proto.testing.simulation.dice import AppPlan, HostPlan, channel_of
from kick_proto.testing.simulation.laws import Law, Violation
from kick_proto.websocket import Framing
from tests.session_acts import ESTABLISHED

APP = App()
CONFIG = Config(provider=APP, send_rate=100.0, send_burst=100.0)
PLAN = AppPlan(CONFIG, APP, False, 7.0)
TOPIC = topics_of(channel_of(0))[0]
NEWS = encode_frame(Frame("News", TOPIC, "{}"))


def application(plan: AppPlan = PLAN, *, over_bytes: bool = False) -> Application:
    """Its first session has just begun, at 3.0."""
    made = Application(4, plan, over_bytes=over_bytes)
    made.begin(3.0, Chance("app"))
    return made


def up(plan: AppPlan = PLAN) -> Application:
    made = application(plan)
    made.hear(3.0, Opened(1))
    made.hear(3.0, Received(1, [ESTABLISHED], 0.0))
    made.settle(3.0, takes=True)
    return made


# Applications


def test_an_application_begins_with_nothing() -> None:
    made = Application(4, PLAN, over_bytes=False)
    assert (made.number, made.plan, made.wishes, made.generation, made.born_at) == (4, PLAN, {}, 0, 0.0)
    assert (made.dozes_until, made.frozen_until) == (0.0, 0.0)
    assert (made.twin, made.reborn_at, made.wakes_at) == (None, None, None)


@pytest.mark.parametrize("over_bytes", [False, True])
@pytest.mark.parametrize("is_merged", [False, True])
def test_a_session_begins_as_the_plan_says(over_bytes: bool, is_merged: bool) -> None:
    made = application(msgspec.structs.replace(PLAN, is_merged=is_merged), over_bytes=over_bytes)
    assert isinstance(made.stack.top, Framing) is over_bytes
    assert made.stack.is_merged is is_merged
    assert (made.generation, made.born_at) == (1, 3.0)
    (opening,), events, at, wants = made.settle(3.0, takes=True)
    assert isinstance(opening, Open)
    assert (events, at, wants) == ([], 3.0 + APP.timeouts.open, True)


def test_the_next_session_wants_what_the_one_before_wanted_at_last() -> None:
    made = application()
    made.ask(3.0, 0, None)
    made.ask(3.0, 1, 2)
    made.ask(3.0, 1, 4)
    made.ask(3.0, 2, 1)
    made.leave(4.0, 2)
    assert made.wishes == {0: None, 1: 2}
    assert made.stack.session.wanted == {*topics_of(channel_of(0)), *topics_of(channel_of(1))[:4]}
    before = made.stack
    made.reborn_at = 9.0
    made.add_twin(Twin(4.0, 0, TwinKind.ALIKE, 5), Chance("twin"))
    made.begin(9.0, Chance("app"))
    assert made.stack is not before
    assert str((made.reborn_at, made.twin, made.generation, made.born_at)) == "(None, None, 2, 9.0)"
    assert made.stack.session.wanted == {*topics_of(channel_of(0)), *topics_of(channel_of(1))[:2]}
    made.leave(9.0, 2)  # which is not subscribed: no law is broken by that


def test_a_second_connect_is_refused() -> None:
    made = application()
    made.misuse(3.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(made.stack.session), "connect", lambda self, now: None)
        with pytest.raises(Violation, match=r"^law 4 \(interface\): a second connect was taken$") as found:
            made.misuse(3.0)
    assert found.value.law is Law.INTERFACE


def test_a_step_comes_to_outputs_events_a_deadline_and_whether_input_is_wanted() -> None:
    made = up(msgspec.structs.replace(PLAN, config=msgspec.structs.replace(CONFIG, high_water=2, low_water=1)))
    made.hear(5.0, Received(1, [PING, "no frame", "no frame"], 0.0))
    assert made.settle(5.0, takes=False) == ([Transmit(1, [PONG])], [], 125.0, False)
    outputs, events, at, wants = made.settle(5.0, takes=True)
    assert (outputs, at, wants) == ([], 125.0, True)
    assert [type(event).__name__ for event in events] == ["Undecodable", "Undecodable", "Lagging"]
    made.tick(125.0)
    assert made.settle(125.0, takes=True)[0] == [Transmit(1, [PING_OF_OURS])]
    made.tell(126.0, "close")
    assert made.settle(126.0, takes=True)[0] == [Close(1)]


PING_OF_OURS = '{"event":"pusher:ping","data":{}}'


def test_a_twin_is_told_all_that_its_original_is_and_is_gone_after_its_steps() -> None:
    made = up()
    made.add_twin(Twin(4.0, 0, TwinKind.STALE, 4), Chance("twin"))
    twin = made.twin
    assert twin is not None
    assert (twin.kind, twin.steps) == (TwinKind.STALE, 4)
    assert twin.stack is not made.stack
    made.ask(4.0, 0, None)
    made.settle(4.0, takes=True)
    made.hear(5.0, Received(1, [PING, NEWS], 0.0))
    made.settle(5.0, takes=False)
    made.settle(5.0, takes=True)
    here = [made.twin]
    made.tick(125.0)
    made.settle(125.0, takes=True)
    assert [*here, made.twin] == [twin, None]
    assert twin.stack.session.wanted == made.stack.session.wanted != set()


@pytest.mark.parametrize("side", ["tell", "hear", "tick"])
def test_before_each_step_the_twin_is_done_to_what_must_leave_no_trace(side: str) -> None:
    made = up()
    made.add_twin(Twin(4.0, 0, TwinKind.EARLY, 10), Chance("twin"))
    assert made.twin is not None
    before: list[float] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(made.twin), "before", lambda self, now: before.append(now))
        if side == "tell":
            made.tell(5.0, "subscribe", channel_of(0), [TOPIC])
        elif side == "hear":
            made.hear(5.0, Received(1, [NEWS], 0.0))
        else:
            made.tick(5.0)
    assert before == [5.0]
    made.settle(5.0, takes=True)


def test_a_twin_that_goes_on_otherwise_is_found_with_the_moment() -> None:
    made = up()
    made.add_twin(Twin(4.0, 0, TwinKind.ALIKE, 10), Chance("twin"))
    assert made.twin is not None
    made.twin.stack.tell(4.0, "subscribe", channel_of(0), [TOPIC])
    with pytest.raises(Violation, match=re.escape("law 14 (copy): at 5.0 the original gives")):
        made.settle(5.0, takes=True)


@pytest.mark.parametrize(
    ("kind", "is_merged", "alone"),
    [
        (TwinKind.IN_PIECES, False, TwinKind.IN_PIECES),
        (TwinKind.IN_PIECES, True, TwinKind.ALIKE),
        (TwinKind.EARLY, True, TwinKind.EARLY),
        (TwinKind.ALIKE, False, TwinKind.ALIKE),
    ],
)
def test_a_merge_may_see_pieces_so_its_twin_hears_whole_reads(kind: TwinKind, is_merged: bool, alone: TwinKind) -> None:
    made = up(msgspec.structs.replace(PLAN, is_merged=is_merged))
    made.add_twin(Twin(4.0, 0, kind, 10), draw := Chance("twin"))
    assert made.twin is not None
    assert made.twin.kind is alone
    assert made.twin._draw is draw


def test_events_of_twins_are_taken_with_those_of_the_original() -> None:
    made = up()
    made.add_twin(Twin(4.0, 0, TwinKind.ONE_BY_ONE, 10), Chance("twin"))
    made.hear(5.0, Received(1, ["no frame"] * 3, 0.0))
    made.settle(5.0, takes=False)
    assert len(made.settle(5.0, takes=True)[1]) == 3


# Servers


def host(*, over_bytes: bool = False, name: str = "ws-us2.pusher.com") -> Host:
    personality = next(iter(PERSONALITIES.values()))
    return Host(HostPlan(name, personality, 45.0), random.Random(7), 0.0, KICK_APP_KEY, over_bytes=over_bytes)


def greeted(made: Host) -> list[str]:
    made.hear(1.0, Accepted(5, f"/app/{KICK_APP_KEY}?protocol=7"))
    return [str(output) for output in iter(made.top.poll_output, None)]


def test_a_server_is_as_the_plan_says() -> None:
    made = host()
    assert (made.name, made.serves, made.faults, made.noisy, made.wakes_at) == (
        "ws-us2.pusher.com",
        True,
        NO_FAULTS,
        set(),
        None,
    )
    assert made.top is made.server
    assert isinstance(host(over_bytes=True).top, ServerFraming)
    personality = next(iter(PERSONALITIES.values()))
    by_hand = KickServer(
        rng=random.Random(7), unix_epoch=0.0, key=KICK_APP_KEY, personality=personality, activity_timeout=45.0
    )
    by_hand.handle_input(1.0, Accepted(5, f"/app/{KICK_APP_KEY}?protocol=7"))
    assert greeted(made) == [text := str(by_hand.poll_output())]
    assert "45" in text


@pytest.mark.parametrize("each", PERSONALITIES.values(), ids=list(PERSONALITIES))
def test_a_server_has_the_manner_of_the_plan(each: object) -> None:
    plan = HostPlan("h", each, 45.0)  # type: ignore[arg-type]
    made = Host(plan, random.Random(7), 0.0, KICK_APP_KEY, over_bytes=False)
    assert made.server._personality is each


def test_a_server_has_the_app_of_its_key_alone() -> None:
    made = Host(HostPlan("h", HOSTED, 45.0), random.Random(7), 0.0, "another app", over_bytes=False)
    assert "4001" in str(greeted(made))


def test_a_server_that_does_not_have_the_app_refuses_it_whatever_faults_it_has() -> None:
    made = host()
    made.serves = False
    made.set_faults(1.0, faults := Faults(ping_interval=5.0))
    assert made.faults is faults
    assert "4001" in str(greeted(made))
    made = host()
    made.set_faults(1.0, Faults(refuse_code=4100))
    assert "4100" in str(greeted(made))


def test_a_server_that_is_told_the_time_does_what_is_due() -> None:
    made = host()
    greeted(made)
    made.set_faults(1.0, Faults(ping_interval=5.0))
    made.tick(5.9)
    assert made.top.poll_output() is None
    made.tick(6.0)
    assert made.top.poll_output() == Transmit(5, [PING_OF_OURS])


def test_what_a_server_does_not_understand_is_the_clients_fault() -> None:
    sentence = re.escape("law 4 (interface): ws-us2.pusher.com does not understand 'hello'")
    made = host()
    greeted(made)
    with pytest.raises(Violation, match=f"^{sentence}$") as found:
        made.hear(2.0, Received(5, ["hello"], 0.0))
    assert found.value.law is Law.INTERFACE
    made = host()
    greeted(made)
    made.server.handle_input(2.0, Received(5, ["hello"], 0.0))
    with pytest.raises(Violation, match=f"^{sentence}$"):
        made.tick(2.0)
    made = host()
    greeted(made)
    made.hear(2.0, Received(5, [PING_OF_OURS], 0.0))


@pytest.mark.parametrize("code", [1002, 1003, 1007, 1009])
def test_bytes_that_are_no_good_are_the_clients_fault_unless_there_was_noise(code: int) -> None:
    made = host()
    greeted(made)
    sentence = re.escape(f"law 4 (interface): ws-us2.pusher.com does not understand the bytes of client 5: {code}")
    with pytest.raises(Violation, match=f"^{sentence}$") as found:
        made.hear(2.0, Closed(5, code))
    assert found.value.law is Law.INTERFACE
    made = host()
    greeted(made)
    made.noisy.add(5)
    made.hear(2.0, Closed(5, code))
    for harmless in (1000, 1006, 4200):
        made = host()
        greeted(made)
        made.hear(2.0, Closed(5, harmless))


def test_a_session_that_is_closed_takes_no_more() -> None:
    made = application()
    made.tell(4.0, "close")
    assert made.stack.closed
    assert made.settle(4.0, takes=True)[0][-1] == Cancel(1)
    with pytest.raises(LocalProtocolError):
        made.stack.session.connect(5.0)
    assert [event for event in made.stack.take() if isinstance(event, Up)] == []

"""What the witness of the simulation finds: each thing that a session does more or less than it must, by itself."""

import re
from collections.abc import Callable

import msgspec
import pytest

from kick_proto.backoff import Backoff
from kick_proto.frames import PING, PONG, Frame, encode_frame, encode_subscribe, encode_unsubscribe
from kick_proto.ids import Topic, topics_of
from kick_proto.lifecycle import Down, Up
from kick_proto.machine import Cancel, Close, Closed, Open, Opened, Transmit
from kick_proto.provider import ErrorReceived
from kick_proto.pusher import App, Timeouts
from kick_proto.session import State, Timer
from kick_proto.testing.simulation.laws import Law, Violation
from kick_proto.testing.simulation.lifeline import Stage
from kick_proto.testing.simulation.witness import SLACK, Witness
from tests.scenes import EU, FOX, OWL, US2
from tests.session_acts import ESTABLISHED
from tests.testing.witnessed import (
    CONFIG,
    OTHER,
    OWLS,
    TOPIC,
    WAKEFUL,
    Bent,
    breaks,
    connecting,
    hear,
    in_waiting,
    opened,
    refused,
    up,
    witnessed,
)

# Commands


ILLEGAL = "a command was taken that is illegal, or refused though it is legal"


@pytest.mark.parametrize("count", [1, 2, 3])
def test_as_many_topics_as_may_be_and_no_more_are_taken(count: int) -> None:
    for bend in ("takes_all", "takes_nothing"):
        session, witness = witnessed(msgspec.structs.replace(CONFIG, max_topics=2))
        witness.subscribe(0.0, OWL, [OWLS])
        setattr(session, bend, True)
        topics = [OWLS] if count == 1 else list(topics_of(FOX)[: count - 1])
        channel = OWL if count == 1 else FOX
        if (count > 2) is (bend == "takes_all"):
            breaks(Law.INTERFACE, ILLEGAL, witness.subscribe, 1.0, channel, topics)
        elif bend == "takes_nothing":
            witness.subscribe(1.0, channel, topics)


def test_all_topics_of_a_channel_count_where_none_is_named() -> None:
    session, witness = witnessed(msgspec.structs.replace(CONFIG, max_topics=len(topics_of(FOX)) - 1))
    witness.subscribe(0.0, FOX)
    session.takes_all = True
    breaks(Law.INTERFACE, ILLEGAL, witness.subscribe, 1.0, FOX)


@pytest.mark.parametrize("command", ["subscribe", "unsubscribe"])
@pytest.mark.parametrize("begin", [in_waiting, up, opened])
def test_a_session_that_ends_takes_no_wishes_and_any_other_does(
    command: str, begin: Callable[[], tuple[Bent, Witness]]
) -> None:
    session, witness = begin()
    session.takes_nothing = True
    breaks(Law.INTERFACE, ILLEGAL, getattr(witness, command), 1.0, FOX)
    session, witness = begin()
    witness.close(1.0)
    session.takes_all = True
    breaks(Law.INTERFACE, ILLEGAL, getattr(witness, command), 1.0, FOX)


def test_what_is_not_wanted_cannot_be_unsubscribed() -> None:
    session, witness = up()
    witness.unsubscribe(1.0, OWL)
    session.takes_all = True
    breaks(Law.INTERFACE, ILLEGAL, witness.unsubscribe, 1.0, OWL)


# Sockets


def test_a_socket_of_the_past_is_not_given_up_again() -> None:
    for output in (Cancel(7), Close(7)):
        session, witness = up()
        session.more.append(output)
        breaks(Law.INTERFACE, f"{output} is for a socket of the past", witness.close, 1.0)
    session, witness = in_waiting()
    witness.handle_timeout(2.0)
    session.more.append(Cancel(1))
    did = [Cancel(1)]
    breaks(Law.ON_TIME, f"a socket is given up at 2.5: must gives_up=False, did {did}", witness.handle_timeout, 2.5)


def test_a_socket_of_the_past_is_not_spoken_to() -> None:
    session, witness = up()
    session.more.append(output := Transmit(7, [PING]))
    breaks(Law.SILENCE, f"{output} is for a socket of the past", witness.handle_timeout, 1.0)
    session, witness = in_waiting()
    session.more.append(output := Transmit(1, [PING]))
    breaks(Law.SILENCE, f"{output} is for a socket of the past", witness.handle_timeout, 1.5)


def test_a_socket_is_given_up_when_it_must_and_not_before() -> None:
    for close in (Close(1), Cancel(1)):
        session, witness = up()
        session.more.append(close)
        sentence = f"a socket is given up at 1.0: must gives_up=False, did {[close]}"
        breaks(Law.ON_TIME, sentence, witness.handle_timeout, 1.0)
    session, witness = up()
    witness.handle_timeout(120.0)
    session.lost = "Close"
    sentence = "a socket is given up at 150.0: must gives_up=True, did []"
    breaks(Law.ON_TIME, sentence, witness.handle_timeout, 150.0)
    session, witness = opened()
    session.lost = "Close"
    with pytest.raises(Violation, match=r"a socket is given up at 10\.0: must gives_up=True, did \[Open"):
        witness.handle_timeout(10.0)
    session, witness = opened()
    session.lost = "Close"
    with pytest.raises(Violation, match=r"a socket is given up at 1\.0: must gives_up=True, did "):
        hear(witness, 1.0, '{"event":"pusher:connection_established","data":"{}"}')


@pytest.mark.parametrize("begin", [connecting, opened, up])
def test_a_session_that_is_told_to_close_gives_its_socket_up(begin: Callable[[], tuple[Bent, Witness]]) -> None:
    session, witness = begin()
    session.lost = "C"
    sentence = "a socket is given up at 1.0: must gives_up=True, did []"
    breaks(Law.ON_TIME, sentence, witness.close, 1.0)


def test_one_connection_is_asked_for_and_no_second() -> None:
    session, witness = witnessed()
    session.more.append(Open(2, US2, 443, True, "/"))
    breaks(Law.ON_TIME, "a connection is asked for at 3.0, and none is due", witness.connect, 3.0)
    session, witness = in_waiting()
    session.more.append(Open(2, US2, 443, True, "/"))
    breaks(Law.ON_TIME, "a connection is asked for at 2.0, and none is due", witness.handle_timeout, 2.0)


def test_a_connection_that_is_due_is_asked_for() -> None:
    session, witness = witnessed()
    session.lost = "Open"
    breaks(Law.ON_TIME, "a connection is due at 3.0, and is not asked for", witness.connect, 3.0)
    session, witness = in_waiting()
    session.lost = "Open"
    breaks(Law.ON_TIME, "a connection is due at 3.0, and is not asked for", witness.handle_timeout, 3.0)
    session, witness = up()
    session.lost = "Open"
    breaks(Law.ON_TIME, "a connection is due at 3.0, and is not asked for", witness.handle_input, 3.0, Closed(1, 4200))


def test_the_host_that_is_next_is_dialled_under_a_ref_of_its_own() -> None:
    for host, ref, law, sentence in (
        (EU, 2, Law.REDIAL, f"{EU} is dialled where {US2} is next"),
        (US2, 1, Law.INTERFACE, "ref 1 was there before"),
    ):
        session, witness = in_waiting()
        session.lost = "Open"
        session.more.append(Open(ref, host, 443, True, "/"))
        breaks(law, sentence, witness.handle_timeout, 3.0)


def test_a_pause_is_neither_shorter_nor_longer_than_it_must_be() -> None:
    for at in (3.0, 3.0 - 5e-7, 3.0 + 5e-7):
        session, witness = up()
        session.says = {"poll_timeout": at}
        witness.handle_input(1.0, Closed(1, 1006))
    for at in (2.0 - SLACK, 2.0 + SLACK):
        session, witness = up()
        session.says = {"poll_timeout": at}
        witness.handle_input(0.0, Closed(1, 1006))
        assert session.state is State.WAITING
    for at in (2.9, 3.1):
        session, witness = up()
        session.says = {"poll_timeout": at}
        sentence = f"a pause of {at - 1.0} s where it must be 2 to 2 s"
        breaks(Law.REDIAL, sentence, witness.handle_input, 1.0, Closed(1, 1006))
    for says in ({"poll_timeout": None}, {"state": State.CLOSED}):
        session, witness = up()
        session.says = says
        state = says.get("state", State.WAITING)
        sentence = f"{state} where a pause of 2 to 2 s is due"
        breaks(Law.REDIAL, sentence, witness.handle_input, 1.0, Closed(1, 1006))


def test_with_jitter_a_pause_is_anything_up_to_what_it_must_be() -> None:
    for seconds in (0.001, 1.0, 1.999):
        config = msgspec.structs.replace(CONFIG, backoff=Backoff(base=2.0, retries=None, jitter="full"))
        session, witness = up(config)
        session.says = {"poll_timeout": 1.0 + seconds}
        witness.handle_input(1.0, Closed(1, 1006))
        assert session.state is State.WAITING
    session, witness = up(config)
    session.says = {"poll_timeout": 3.5}
    sentence = "a pause of 2.5 s where it must be 0 to 2 s"
    breaks(Law.REDIAL, sentence, witness.handle_input, 1.0, Closed(1, 1006))


# What is sent


def test_a_ping_that_is_due_is_sent() -> None:
    session, witness = up()
    session.lost = "pusher:ping"
    breaks(Law.ON_TIME, "1 pings too few are sent", witness.handle_timeout, 120.0)
    session, witness = up()
    session.more.append(Transmit(1, [PING]))
    breaks(Law.ON_TIME, "-1 pings too few are sent", witness.handle_timeout, 119.0)


def test_each_ping_is_answered_once_and_in_its_step() -> None:
    sentence = "2 pings are not answered in the step that brought them"
    session, witness = up()
    session.lost = "pusher:pong"
    breaks(Law.PONGS, sentence, hear, witness, 1.0, PING, PING)
    session, witness = up()
    session.more.append(Transmit(1, [PONG, PONG]))
    breaks(Law.PONGS, sentence.replace("2", "-2"), hear, witness, 1.0)
    session, witness = up()
    session.more.append(Transmit(1, [PONG]))
    sentence = sentence.replace("2", "-1")
    breaks(Law.PONGS, sentence, witness.handle_input, 1.0, Closed(1, 4200))


def test_a_ping_that_came_with_the_end_need_not_be_answered() -> None:
    session, witness = opened()
    session.lost = "pusher:pong"
    hear(witness, 1.0, PING, encode_frame(Frame("pusher:error", Topic(""), '{"code":4200}')))
    witness.handle_input(1.0, Opened(2))
    session.lost = None
    hear(witness, 1.0, ESTABLISHED, PING, ref=2)


def test_nothing_is_subscribed_before_the_handshake_and_nothing_said_after_a_close() -> None:
    asking = encode_subscribe(TOPIC)
    session, witness = opened()
    session.more.append(Transmit(1, [asking]))
    sentence = f"{asking} is sent while the socket is handshaking"
    breaks(Law.SUBSCRIPTIONS, sentence, witness.handle_timeout, 1.0)
    session, witness = connecting()
    session.more.append(Transmit(1, [asking]))
    breaks(Law.SUBSCRIPTIONS, f"{asking} is sent while the socket is opening", witness.handle_timeout, 1.0)
    for begin, now in ((connecting, 1.0), (up, 1.0)):
        session, witness = begin()
        session.more.append(Transmit(1, [asking]))
        stage = "over" if begin is connecting else "closing"
        breaks(Law.SILENCE, f"{asking} is sent while the socket is {stage}", witness.close, now)
    session, witness = up()
    witness.handle_timeout(120.0)
    session.more.append(Transmit(1, [asking]))
    breaks(Law.SILENCE, f"{asking} is sent while the socket is over", witness.handle_timeout, 150.0)
    for end in (Closed(1, 4200), Closed(1, 1006)):
        session, witness = opened()
        session.lost = "Open"
        session.more.append(Transmit(1, [asking]))
        breaks(Law.SILENCE, f"{asking} is sent while the socket is over", witness.handle_input, 1.0, end)


def test_a_handshake_that_fails_is_no_reason_to_say_more() -> None:
    asking = encode_subscribe(TOPIC)
    session, witness = opened()
    session.lost = "C"
    session.more += [Transmit(1, [asking]), Close(1)]
    breaks(Law.SILENCE, f"{asking} is sent while the socket is over", witness.handle_timeout, 10.0)


@pytest.mark.parametrize(
    ("text", "is_asked", "is_wanted"),
    [
        (encode_subscribe(TOPIC), True, True),
        (encode_subscribe(OTHER), True, True),
        (encode_subscribe(OWLS), False, False),
        (encode_unsubscribe(TOPIC), True, True),
        (encode_unsubscribe(OTHER), True, True),
        (encode_unsubscribe(OWLS), False, False),
        (encode_subscribe(TOPIC).replace(":subscribe", ":signin"), True, True),
        (encode_subscribe(OWLS).replace(":subscribe", ":signin"), False, False),
    ],
)
def test_only_what_is_wanted_and_not_yet_asked_for_is_subscribed_and_only_what_is_kept_left(
    text: str, is_asked: bool, is_wanted: bool
) -> None:
    session, witness = up(WAKEFUL)
    witness.subscribe(1.0, FOX, [OTHER])  # which is not confirmed yet
    session.more.append(Transmit(1, [text]))
    sentence = f"{text} is sent, {is_asked=} {is_wanted=} on this socket"
    breaks(Law.SUBSCRIPTIONS, sentence, witness.handle_timeout, 2.0)


def test_what_is_left_already_is_not_left_again_and_what_has_not_come_yet_not_at_all() -> None:
    session, witness = up(WAKEFUL)
    witness.subscribe(1.0, FOX, [OTHER])
    witness.unsubscribe(2.0, FOX)
    for topic, is_asked in ((TOPIC, False), (OTHER, True)):
        text = encode_unsubscribe(topic)
        session.more.append(Transmit(1, [text]))
        sentence = f"{text} is sent, {is_asked=} is_wanted=False on this socket"
        breaks(Law.SUBSCRIPTIONS, sentence, witness.handle_timeout, 3.0)


def test_what_is_wanted_is_asked_for() -> None:
    session, witness = up(WAKEFUL)
    session.lost = "pusher:subscribe"
    session.says = {"poll_timeout": 120.0}
    lost = min(set(topics_of(FOX)) - {TOPIC})
    breaks(Law.SUBSCRIPTIONS, f"{lost} is wanted, and was not asked for", witness.subscribe, 10.0, FOX)


def test_what_was_refused_and_is_wanted_anew_is_asked_for() -> None:
    session, witness = up(WAKEFUL)
    witness.subscribe(1.0, FOX, [OTHER])
    hear(witness, 1.0, refused(OTHER))
    witness.unsubscribe(2.0, FOX)
    session.lost = "pusher:subscribe"
    session.says = {"poll_timeout": 121.0}
    sentence = f"{OTHER} is wanted, and was not asked for"
    breaks(Law.SUBSCRIPTIONS, sentence, witness.subscribe, 3.0, FOX, [OTHER])


def test_what_is_not_wanted_any_more_is_left() -> None:
    session, witness = up()
    session.lost = "pusher:unsubscribe"
    breaks(Law.SUBSCRIPTIONS, f"{TOPIC} is not wanted, and is kept", witness.unsubscribe, 10.0, FOX)


def test_no_more_is_sent_than_the_bucket_allows_in_any_window() -> None:
    session, witness = up(msgspec.structs.replace(CONFIG, send_rate=0.5, send_burst=1.0))
    witness.subscribe(1.5, FOX, [OTHER])
    session.more.append(Transmit(1, [encode_subscribe(OTHER)]))
    breaks(Law.BUCKET, "2 subscribes and unsubscribes within 1.5 s", witness.handle_timeout, 1.5)


def test_a_window_that_is_a_little_too_full_is_found_however_long_it_is() -> None:
    session, witness = witnessed(msgspec.structs.replace(CONFIG, send_rate=1.0, send_burst=2.0))
    witness.subscribe(0.0, FOX)
    witness.connect(0.0)
    witness.handle_input(10.0, Opened(1))
    hear(witness, 10.0, ESTABLISHED)  # two at 10.0
    witness.handle_timeout(11.0)
    session.more.append(Transmit(1, [encode_subscribe(topics_of(FOX)[3])]))
    breaks(Law.BUCKET, "4 subscribes and unsubscribes within 1.9 s", witness.handle_timeout, 11.9)


# What can be seen of it


def test_a_deadline_that_has_passed_is_not_waited_for_again() -> None:
    for at in (0.25, 0.2):
        session, witness = up()
        witness.subscribe(0.0, FOX)
        assert Timer.SEND in session.timers
        session.says = {"poll_timeout": at}
        sentence = f"handle_timeout(0.25) leaves {at} as the time of the next"
        breaks(Law.INTERFACE, sentence, witness.handle_timeout, 0.25)


@pytest.mark.parametrize(
    ("at", "is_paced", "is_right"),
    [
        (120.0, False, True),
        (120.0 + 5e-7, False, True),
        (120.0 - 5e-7, False, True),
        (119.9, False, False),
        (119.9, True, True),
        (120.1, False, False),
        (120.1, True, False),
        (None, False, False),
        (None, True, False),
    ],
)
def test_the_next_deadline_is_the_one_that_is_next_or_the_next_token(
    at: float | None, is_paced: bool, is_right: bool
) -> None:
    session, witness = up()
    session.says = {"poll_timeout": at, "timers": frozenset({Timer.SEND} if is_paced else ())}
    if is_right:
        witness.handle_timeout(5.0)
        return
    sentence = f"the next deadline is said to be {at}, and is 120.0 (now 5.0)"
    breaks(Law.ON_TIME, sentence, witness.handle_timeout, 5.0)


def test_who_waits_for_nothing_has_no_deadline() -> None:
    session, witness = witnessed()
    session.says = {"poll_timeout": 7.0}
    breaks(Law.ON_TIME, "the next deadline is said to be 7.0, and is None (now 5.0)", witness.subscribe, 5.0, FOX)


def test_who_waits_to_dial_says_so() -> None:
    session, witness = in_waiting()
    session.says = {"poll_timeout": 7.0}
    sentence = "the next deadline is said to be 7.0, and is 3.0 (now 1.5)"
    breaks(Law.ON_TIME, sentence, witness.handle_timeout, 1.5)


def test_a_session_is_closed_when_it_is_over_and_not_before() -> None:
    session, witness = up()
    session.says = {"closed": True}
    breaks(Law.REDIAL, "closed is True at 1.0, and must be False", witness.handle_timeout, 1.0)
    for code in (4004, 4000):
        session, witness = up()
        session.says = {"closed": False}
        sentence = "closed is False at 1.0, and must be True"
        breaks(Law.REDIAL, sentence, witness.handle_input, 1.0, Closed(1, code))
    session, witness = witnessed()
    session.says = {"closed": False}
    breaks(Law.REDIAL, "closed is False at 1.0, and must be True", witness.close, 1.0)
    session, witness = up()
    witness.close(1.0)
    session.says = {"closed": False}
    breaks(Law.REDIAL, "closed is False at 2.0, and must be True", witness.handle_input, 2.0, Closed(1))


def test_a_closed_session_waits_for_nothing() -> None:
    session, witness = witnessed()
    session.says = {"poll_timeout": 9.0}
    breaks(Law.SILENCE, "a closed session waits for 9.0", witness.close, 1.0)


@pytest.mark.parametrize("is_behind", [False, True])
def test_a_session_reads_by_the_marks(is_behind: bool) -> None:
    session, witness = up(msgspec.structs.replace(CONFIG, high_water=4, low_water=1))
    hear(witness, 1.0, *["no frame"] * (3 if is_behind else 0))
    session.says = {"wants_input": is_behind}
    breaks(Law.BOUNDED, f"wants_input is {is_behind} against the marks", witness.handle_timeout, 2.0)
    breaks(Law.BOUNDED, f"wants_input is {is_behind} against the marks", witness.poll_event)


def test_counters_and_events_are_looked_at() -> None:
    session, witness = up()
    session.says = {"stats": {"reconnects": 1}}
    with pytest.raises(Violation, match=r"^law 13 .*: the counters say"):
        witness.handle_timeout(1.0)
    session, witness = up()
    first = session.poll_event()
    with pytest.raises(Violation, match=re.escape("Confirmed(topic=")) as found:
        witness.poll_event()
    assert found.value.law is Law.EVENTS
    assert isinstance(first, Up)
    session, witness = up()
    session.take_events()
    with pytest.raises(Violation, match="was never told, nor 1 others"):
        witness.take_events()


def test_what_ends_is_told_with_its_host_and_code() -> None:
    _, witness = up()
    witness.take_events()
    witness.handle_input(1.0, Closed(1, 4001))
    assert witness.take_events() == [Down("us2", 4001, "", 0.0)]
    _, witness = up()
    hear(witness, 1.0, encode_frame(Frame("pusher:error", Topic(""), '{"code":4301,"message":"m"}')))
    assert witness.take_events()[-1] == ErrorReceived(4301, "m")
    assert witness.line is not None
    assert witness.line.stage is Stage.UP


def test_each_socket_is_waited_for_as_the_app_says() -> None:
    app = App(timeouts=Timeouts(open=7.0, handshake=6.0))
    _, witness = witnessed(msgspec.structs.replace(CONFIG, provider=app), app)
    witness.connect(1.0)
    assert witness.poll_timeout() == 8.0
    witness.handle_input(2.0, Opened(1))
    assert witness.poll_timeout() == 8.0
    witness.handle_input(3.0, Opened(1))
    assert witness.poll_timeout() == 8.0

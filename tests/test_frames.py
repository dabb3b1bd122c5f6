"""Pusher as text: read whatever a server sends, write exactly what the specification says."""

import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto import frames
from kick_proto.backoff import Advice
from kick_proto.errors import RemoteProtocolError
from kick_proto.frames import (
    PING,
    PONG,
    WORTH_JOINING,
    Established,
    Frame,
    Malformed,
    PeerError,
    advice_for,
    encode_frame,
    encode_subscribe,
    encode_unsubscribe,
    parse_established,
    parse_frame,
    parse_frames,
    parse_peer_error,
)
from kick_proto.texts import Texts

any_text = st.text(st.characters())  # lone surrogates included
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
near_frames = st.fixed_dictionaries(
    {}, optional={"event": json_values | st.text(), "channel": json_values | st.text(), "data": json_values}
).map(json.dumps)
HUGE = "9" * 5000


@given(st.builds(Frame, st.text(), st.text(), st.text()))
def test_what_is_encoded_is_read_back(frame: Frame) -> None:
    assert parse_frame(encode_frame(frame)) == frame


@given(any_text | near_frames | json_values.map(json.dumps))
def test_any_text_is_a_frame_or_a_protocol_error(text: str) -> None:
    with suppress(RemoteProtocolError):
        assert isinstance(parse_frame(text), Frame)


@pytest.mark.parametrize(
    ("data", "payload"),
    [
        pytest.param(r'"{\"a\":\"\\u00e9\"}"', r'{"a":"\u00e9"}', id="a string that holds JSON"),
        pytest.param('"not JSON"', "not JSON", id="a string that holds none"),
        pytest.param(r'"\ud83e\udd8a"', "\N{FOX FACE}", id="an escaped emoji"),
        pytest.param('""', "", id="an empty string"),
        pytest.param(' "{}" ', "{}", id="a string between blanks"),
        pytest.param('{"a": [1, 2]}', '{"a": [1, 2]}', id="an object, as written"),
        pytest.param("[]", "[]", id="an array"),
        pytest.param("12.50", "12.50", id="a number, as written"),
        pytest.param("1e999", "1e999", id="a number beyond floats"),
        pytest.param("true", "true", id="a truth value"),
        pytest.param("null", "", id="null"),
    ],
)
def test_data_is_the_text_of_the_payload_however_it_was_wrapped(data: str, payload: str) -> None:
    assert parse_frame(f'{{"event":"e","data":{data},"channel":"t"}}') == Frame("e", "t", payload)


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        pytest.param('{"event":"e"}', Frame("e"), id="an event alone"),
        pytest.param('{"event":"e","channel":null,"data":null}', Frame("e"), id="nulls"),
        pytest.param('{"data":{},"channel":"t","event":"e"}', Frame("e", "t", "{}"), id="any order of keys"),
        pytest.param('{"event":"e","user_id":7,"x":[]}', Frame("e"), id="further keys"),
        pytest.param('{"event":"e","data":{},"data":"d"}', Frame("e", "", "d"), id="the last of two equal keys"),
        pytest.param(' {"event" : "e" } \n', Frame("e"), id="white space"),
        pytest.param(r'{"event":"App\\Events\\X"}', Frame("App\\Events\\X"), id="a prefixed name"),
    ],
)
def test_a_frame_needs_nothing_but_the_name_of_its_event(text: str, frame: Frame) -> None:
    assert parse_frame(text) == frame


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("hello", id="no JSON"),
        pytest.param('{"event":"e"', id="cut short"),
        pytest.param('{"event":"e"}{', id="a tail"),
        pytest.param('\ufeff{"event":"e"}', id="a byte-order mark"),
        pytest.param("null", id="null"),
        pytest.param('"pusher:ping"', id="a string"),
        pytest.param('[{"event":"e"}]', id="an array"),
        pytest.param("{}", id="no event"),
        pytest.param('{"event":null}', id="event is null"),
        pytest.param('{"event":7}', id="event is a number"),
        pytest.param('{"event":"e","channel":7}', id="channel is a number"),
        pytest.param('{"event":"e","data":NaN}', id="no JSON inside"),
        pytest.param("\ud800", id="half an emoji"),
        pytest.param('{"event":"\ud800"}', id="half an emoji in a name"),
        pytest.param('{"event":"e","data":"\\ud800"}', id="an escaped half"),
        pytest.param('{"event":"e","data":{"a":"\\ud800"}}', id="an escaped half within an object"),
        pytest.param("[" * 100_000, id="a hundred thousand arrays"),
        pytest.param('{"event":' * 100_000, id="a hundred thousand objects"),
        pytest.param('{"event":"e","data":' + "[" * 100_000 + "]" * 100_000 + "}", id="deep data"),
        pytest.param('{"event":"e","x":' + '{"x":' * 100_000 + "0" + "}" * 100_001, id="deep in a further key"),
    ],
)
def test_what_is_no_frame_is_a_protocol_error(text: str) -> None:
    with pytest.raises(RemoteProtocolError, match=r"^not a Pusher frame: "):
        parse_frame(text)


@pytest.mark.parametrize(
    ("data", "established"),
    [
        pytest.param('{"socket_id":"1.2","activity_timeout":120}', Established("1.2", 120.0), id="as specified"),
        pytest.param('{"socket_id":"1.2"}', Established("1.2"), id="no timeout"),
        pytest.param('{"socket_id":"1.2","activity_timeout":null}', Established("1.2"), id="null"),
        pytest.param('{"socket_id":"1.2","activity_timeout":0}', Established("1.2"), id="zero"),
        pytest.param('{"socket_id":"1.2","activity_timeout":-5}', Established("1.2"), id="below zero"),
        pytest.param('{"socket_id":"1.2","activity_timeout":"30"}', Established("1.2", 30.0), id="a string"),
        pytest.param('{"socket_id":"1.2","activity_timeout":"inf"}', Established("1.2"), id="infinity in words"),
        pytest.param('{"socket_id":"1.2","activity_timeout":"nan"}', Established("1.2"), id="no number in words"),
        pytest.param('{"socket_id":"1.2","activity_timeout":0.5}', Established("1.2", 0.5), id="half a second"),
        pytest.param('{"socket_id":12}', Established("12"), id="a number as id"),
        pytest.param('{"socket_id":"1.2","x":[1]}', Established("1.2"), id="further keys"),
    ],
)
def test_the_handshake_tells_the_socket_id_and_a_timeout_above_zero(data: str, established: Established) -> None:
    assert parse_established(data) == established


@pytest.mark.parametrize(
    "data",
    ["", "{}", "[]", "null", '{"socket_id":""}', '{"socket_id":null}', '{"socket_id":[]}', "\ud800", "[" * 10**5],
)
def test_a_handshake_without_a_socket_id_is_a_protocol_error(data: str) -> None:
    with pytest.raises(RemoteProtocolError, match="pusher:connection_established"):
        parse_established(data)


@given(
    any_text
    | json_values.map(json.dumps)
    | st.fixed_dictionaries({"socket_id": json_values, "activity_timeout": json_values}).map(json.dumps)
    | st.sampled_from(["1e400", "-1e400", "9" * 400, HUGE, f'"{HUGE}"']).map(
        '{{"socket_id":"1","activity_timeout":{}}}'.format
    )
)
def test_any_handshake_is_read_with_a_usable_timeout_or_is_a_protocol_error(data: str) -> None:
    with suppress(RemoteProtocolError):
        established = parse_established(data)
        assert established.socket_id
        assert established.activity_timeout is None or 0 < established.activity_timeout <= sys.float_info.max


@pytest.mark.parametrize(
    ("code", "read"),
    [
        pytest.param("4200", 4200, id="int"),
        pytest.param("4200.0", 4200, id="float"),
        pytest.param('"4200"', 4200, id="string"),
        pytest.param("null", None, id="null"),
        pytest.param("0", 0, id="zero"),
        pytest.param("-1", -1, id="negative"),
    ],
)
def test_the_code_of_an_error_is_read_in_whatever_type_it_comes(code: str, read: int | None) -> None:
    assert parse_peer_error(f'{{"code":{code},"message":"no"}}') == PeerError(read, "no")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param('{"code":1e400,"message":"no"}', id="infinite code"),
        pytest.param('{"code":"inf","message":"no"}', id="infinity in words"),
        pytest.param('{"code":"x","message":"no"}', id="code is a word"),
        pytest.param('{"code":[],"message":"no"}', id="code is an array"),
        pytest.param('{"code":4200,"message":7}', id="message is a number"),
        pytest.param('"Over quota"', id="a string"),
        pytest.param("Over quota", id="no JSON"),
        pytest.param("[]", id="an array"),
        pytest.param("", id="nothing"),
        pytest.param("\ud800", id="half an emoji"),
    ],
)
def test_an_error_that_cannot_be_read_is_its_own_message(data: str) -> None:
    assert parse_peer_error(data) == PeerError(None, data)


@pytest.mark.parametrize("data", [f'{{"code":{HUGE}}}', f'{{"code":"{HUGE}"}}', "[" * 10**5], ids=lambda data: data[:9])
def test_an_error_out_of_all_bounds_is_its_own_message_cut_short(data: str) -> None:
    assert parse_peer_error(data) == PeerError(None, data[:300])


@pytest.mark.parametrize(
    ("data", "error"),
    [
        pytest.param('{"message":"no"}', PeerError(None, "no"), id="no code"),
        pytest.param('{"code":4200}', PeerError(4200, '{"code":4200}'), id="no message"),
        pytest.param('{"code":4200,"message":null}', PeerError(4200, '{"code":4200,"message":null}'), id="null"),
        pytest.param('{"code":4200,"message":""}', PeerError(4200, ""), id="an empty message"),
        pytest.param('{"code":4200,"message":"' + "x" * 999 + '"}', PeerError(4200, "x" * 300), id="a long message"),
    ],
)
def test_an_error_has_a_code_or_none_and_always_a_message(data: str, error: PeerError) -> None:
    assert parse_peer_error(data) == error


@given(any_text | json_values.map(json.dumps))
def test_any_text_is_an_error_of_the_peer(data: str) -> None:
    assert len(parse_peer_error(data).message) <= 300


@pytest.mark.parametrize("data", ['{"code":4001,"message":"no"}', r'"{\"code\":4001,\"message\":\"no\"}"'])
def test_an_error_frame_says_the_same_whether_its_data_is_an_object_or_a_string(data: str) -> None:
    frame = parse_frame(f'{{"event":"pusher:error","data":{data}}}')
    assert parse_peer_error(frame.data) == PeerError(4001, "no")


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        pytest.param(PING, {"event": "pusher:ping", "data": {}}, id="ping"),
        pytest.param(PONG, {"event": "pusher:pong", "data": {}}, id="pong"),
        pytest.param(
            encode_subscribe("channel.1"),
            {"event": "pusher:subscribe", "data": {"auth": "", "channel": "channel.1"}},
            id="subscribe",
        ),
        pytest.param(
            encode_unsubscribe("channel.1"),
            {"event": "pusher:unsubscribe", "data": {"channel": "channel.1"}},
            id="unsubscribe",
        ),
        pytest.param(encode_frame(Frame("e", "t", "{}")), {"event": "e", "data": "{}", "channel": "t"}, id="frame"),
        pytest.param(encode_frame(Frame("e")), {"event": "e", "data": ""}, id="frame without a topic"),
    ],
)
def test_what_we_send_is_what_the_specification_says(text: str, fields: dict[str, object]) -> None:
    assert json.loads(text) == fields


@given(st.text())
def test_any_topic_is_quoted_safely(topic: str) -> None:
    assert json.loads(encode_subscribe(topic))["data"]["channel"] == topic
    assert json.loads(encode_unsubscribe(topic))["data"]["channel"] == topic


CLOSE_CODES = [
    (3990, 3999, Advice.BACK_OFF),
    (4000, 4000, Advice.STOP),
    (4001, 4001, Advice.WRONG_ENDPOINT),
    (4002, 4099, Advice.STOP),
    (4100, 4199, Advice.PAUSE),
    (4200, 4299, Advice.AT_ONCE),
    (4300, 4400, Advice.BACK_OFF),
]


@pytest.mark.parametrize(("first", "last", "advice"), CLOSE_CODES)
def test_a_close_code_gives_the_advice_of_its_range(first: int, last: int, advice: Advice) -> None:
    assert {advice_for(code) for code in range(first, last + 1)} == {advice}


def test_the_ranges_above_leave_no_code_out() -> None:
    walked = [code for first, last, _ in CLOSE_CODES for code in range(first, last + 1)]
    assert walked == list(range(3990, 4401))


# The texts of one read are read in one go, where that can be: it makes no difference but in speed.

MARKS = st.sampled_from(['"', '""', '""""', "{", "}", "[", "]", ",", ":", "\\", " ", "\n", "1", "null", "", "\ufeff"])
FRAMES = st.sampled_from(['{"event":"a"}', '{"event":"b","channel":"c","data":"{}"}', '{"event":"d","data":{"é":1}}'])
PIECES = st.lists(FRAMES | MARKS, max_size=4).map("".join)


@given(st.lists(PIECES | near_frames | any_text.filter(lambda text: text.isprintable()), max_size=3 * WORTH_JOINING))
def test_a_read_gives_what_each_of_its_texts_gives_by_itself(texts: list[str]) -> None:
    each = [one for text in texts for one in parse_frames([text])]
    assert parse_frames(texts) == each
    assert parse_frames(Texts([text.encode() for text in texts])) == each


@given(
    st.lists(FRAMES, min_size=2, max_size=8), st.lists(st.integers(0, 400), max_size=8), st.sampled_from(["", '""""'])
)
def test_no_frame_is_made_of_what_two_texts_hold_together(frames: list[str], cuts: list[int], glue: str) -> None:
    whole = glue.join(frames)
    places = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    texts = [whole[start:end] for start, end in pairwise(places)]
    assert parse_frames(Texts([text.encode() for text in texts])) == parse_frames(texts)


A = '{"event":"a"}'
ODD = ("", '""', f'""{A}', f'{A}""', f'{A}""""{A}', "1", '"x"')


@pytest.mark.parametrize("first", [A, *ODD])
def test_texts_that_together_look_like_others_are_told_apart(first: str) -> None:
    alone = {text: parse_frames([text])[0] for text in (A, *ODD)}
    for rest in product((A, *ODD), repeat=WORTH_JOINING - 1):
        texts = (first, *rest)
        assert parse_frames(Texts([text.encode() for text in texts])) == [alone[text] for text in texts]


@pytest.mark.parametrize(
    ("count", "way"),
    [(WORTH_JOINING - 1, "_parse_at_once"), (WORTH_JOINING, "_frame_or_malformed"), (99, "parse_frame")],
)
def test_few_plain_texts_are_read_one_by_one_and_more_at_once(
    count: int, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*texts: object) -> None:
        raise AssertionError("not this way")

    monkeypatch.setattr(frames, way, refuse)
    assert parse_frames(Texts([A.encode()] * count)) == [Frame("a")] * count


@pytest.mark.parametrize("texts", [["nonsénse"], Texts(["nonsénse".encode()])], ids=["str", "bytes"])
def test_what_is_no_frame_is_told_with_its_text_and_a_reason(texts: Sequence[str]) -> None:
    (malformed,) = parse_frames(texts)
    assert isinstance(malformed, Malformed)
    assert malformed.text == "nonsénse"
    with pytest.raises(RemoteProtocolError) as told:
        parse_frame("nonsénse")
    assert malformed.error == str(told.value)


def test_what_is_no_frame_is_told_among_the_frames_of_its_read() -> None:
    texts = ['{"event":"a"}', "nonsense", '{"event":"b"}', "é"]
    a, nonsense, b, letter = parse_frames(Texts([text.encode() for text in texts]))
    assert [a, b] == [Frame("a"), Frame("b")]
    assert [each.text for each in (nonsense, letter) if isinstance(each, Malformed)] == ["nonsense", "é"]


@pytest.mark.parametrize("code", [-1, 0, 1000, 1001, 1006, 1011, 10**30])
def test_a_code_that_is_not_of_pusher_says_back_off(code: int) -> None:
    assert advice_for(code) is Advice.BACK_OFF


def test_commands_are_what_the_vendors_client_sends() -> None:
    assert encode_subscribe("a.1") == '{"event":"pusher:subscribe","data":{"auth":"","channel":"a.1"}}'
    assert encode_unsubscribe("a.1") == '{"event":"pusher:unsubscribe","data":{"channel":"a.1"}}'


def test_a_handshake_without_an_id_is_told_in_a_sentence() -> None:
    with pytest.raises(RemoteProtocolError, match=r"^pusher:connection_established without a socket_id$"):
        parse_established("{}")

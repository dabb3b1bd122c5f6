import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.content import Emote, Link, Mention, fragments
from kick_proto.errors import RemoteProtocolError
from kick_proto.frames import Frame, encode_frame, parse_frame
from kick_proto.recording.disguise import Disguise, names_in
from kick_proto.recording.pseudonyms import Pseudonyms

PSEUDONYMS = Pseudonyms(b"k" * 16)
DISGUISE = Disguise(PSEUDONYMS)
CANARY = "canarybird"


def payload(data: object, disguise: Disguise = DISGUISE) -> Any:
    frame = parse_frame(disguise.frame(encode_frame(Frame("NewEvent", "channel_668", json.dumps(data)))))
    assert frame.event == "NewEvent"
    return json.loads(frame.data)


def test_ids_are_the_same_in_topics_and_payloads() -> None:
    mapped = payload({"channel": {"id": 668}, "chatroom_id": 668, "user_ids": [668, 7], "userId": "668"})
    number = PSEUDONYMS.number(668)
    assert mapped == {
        "channel": {"id": number},
        "chatroom_id": number,
        "user_ids": [number, PSEUDONYMS.number(7)],
        "userId": str(number),
    }
    assert DISGUISE.topic("channel_668") == f"channel_{number}"
    assert DISGUISE.topic("chatrooms.668.v2") == f"chatrooms.{number}.v2"
    assert DISGUISE.topic("private-channelpoints-668") == f"private-channelpoints-{number}"
    assert CANARY not in DISGUISE.topic(f"private-{CANARY}.668")


def test_an_envelope_keeps_its_shape_whatever_it_holds() -> None:
    told = {
        "event": "New",
        "channel": "private-channelpoints-668",
        "data": "true",
        "user_id": 668,
        "seen": [True, "668"],
    }
    number = PSEUDONYMS.number(668)
    assert json.loads(DISGUISE.frame(json.dumps(told))) == {
        "event": "New",
        "channel": f"private-channelpoints-{number}",
        "data": "true",
        "user_id": number,
        "seen": [True, str(number)],
    }


def test_numbers_and_moments_that_stand_outside_of_frames_are_those_that_stand_in_them() -> None:
    assert DISGUISE.number(668) == PSEUDONYMS.number(668)
    assert DISGUISE.moment(1_790_000_000.5) == 1_790_000_000.5 + PSEUDONYMS.shift
    assert DISGUISE.moment(5.0) == 0.0


def test_an_id_stays_one_as_a_fraction_and_what_is_true_stays_true() -> None:
    assert payload({"user_id": 668.0, "uid": 668, "id": True, "created_at": False}) == {
        "user_id": float(PSEUDONYMS.number(668)),
        "uid": PSEUDONYMS.number(668),
        "id": True,
        "created_at": False,
    }


def test_numbers_may_be_ids_from_100000_on_and_texts_of_6_digits() -> None:
    kept = {"pieces": 99_999, "code": "12345"}
    assert payload(kept) == kept
    assert payload({"pieces": 100_000, "code": "123456"}) == {
        "pieces": PSEUDONYMS.number(100_000),
        "code": PSEUDONYMS.word("123456"),
    }


@pytest.mark.parametrize(
    "told",
    [
        {"viewers": 123_456, "user_id": 668, "is_live": True},
        [{"amount": 123_456}, [668, 123_456, None]],
    ],
)
def test_json_within_a_text_is_disguised_as_it_would_be_without(told: object) -> None:
    assert json.loads(payload({"x": json.dumps(told)})["x"]) == payload({"x": told})["x"]


def test_what_begins_like_json_and_is_none_is_a_text() -> None:
    assert payload({"x": "{oops"})["x"] == "{" + PSEUDONYMS.word("oops")


@pytest.mark.parametrize(
    "kept",
    [
        {"type": "message", "status": "active", "state": "ACTIVE", "language": "English"},
        {"color": "#75FD46", "username_color": "#BC66FF"},
        {"badges": [{"type": "sub_gifter", "text": "Sub Gifter", "count": 1_000_000, "active": True}]},
        {"followers_count": 2_345_678, "numberOfViewers": 700_000, "amount": 1_000_000, "duration": "1200"},
        {"enabled": False, "none": None, "rate": 1.5, "empty": [], "text": ""},
        {"is_live": 1, "min_duration": 300_000},
        {"code": "4001", "activity_timeout": "120"},
    ],
)
def test_what_tells_of_nobody_is_kept(kept: dict[str, Any]) -> None:
    assert payload(kept) == kept


@pytest.mark.parametrize(
    "told",
    [
        {"username": CANARY},
        {"text": CANARY, "unheard_of": [[{"deep": CANARY}]]},
        {"badges": [{"type": "x", "image": f"https://x/{CANARY}.png"}]},
        {"content": f"hi @{CANARY}, [emote:123456:{CANARY}] https://kick.com/{CANARY}?a={CANARY}"},
        {"profile_picture": f"https://files.kick.com/{CANARY}/1234567"},
        {"nested": json.dumps({"username": CANARY, "user_id": 1234567})},
        {"type": f"https://{CANARY}"},
        {"color": CANARY, "1234567": CANARY},
        {"user_id": 1234567, "owner": 1234567, "data": "1234567", "seen": ["1234567"]},
        {"votes_by": {f"x-{CANARY}": 1, f"{CANARY}9": 2}},
        {"user_id": 1234567.0, "big": 1234567.5, "code": 1234567, "phone_number": 1234567},
        {"code": "1234567", "phone": "+1234567", "reason": CANARY, "session_title": CANARY.upper()},
    ],
)
def test_what_may_be_somebodys_is_not_left(told: dict[str, Any]) -> None:
    mapped = json.dumps(payload(told))
    assert CANARY not in mapped.lower()
    assert "1234567" not in mapped


def test_a_field_that_is_called_like_somebody_is_renamed_where_no_decoder_knows_it() -> None:
    frame = encode_frame(Frame("Poll", "", json.dumps({"username": CANARY.title(), "slug": "content", "name": "x"})))
    names = frozenset(names_in(frame))
    assert names == {CANARY, "content", "x"}
    mapped = payload({"by": {CANARY: 1, "other": 2}, "content": "c"}, Disguise(PSEUDONYMS, names))
    assert CANARY not in mapped["by"]
    assert "other" in mapped["by"]
    assert "content" in mapped


@pytest.mark.parametrize(
    "field",
    [
        pytest.param("channel_id", id="of a payload"),
        pytest.param("identity", id="of a part of it"),
        pytest.param("celebration", id="of a part that may lack"),
        pytest.param("active", id="of each of several parts"),
        pytest.param("count_from_creation", id="of a payload, and not read"),
        pytest.param("follower_badges", id="of a part, and not read"),
        pytest.param("sort_order", id="of each of several parts, and not read"),
    ],
)
def test_fields_that_the_decoders_know_keep_their_names_whoever_is_called_like_one(field: str) -> None:
    names = frozenset(names_in(encode_frame(Frame("Poll", "", json.dumps({"username": field})))))
    assert names == {field}
    assert list(payload({"by": {field: 1}}, Disguise(PSEUDONYMS, names))["by"]) == [field]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('{"data":"{\\"usernames\\":[\\"Ada\\",[\\"Bob\\"]],\\"by\\":{\\"slug\\":\\"c\\"}}"}', ["ada", "bob", "c"]),
        ('{"data":{"username":"Ada"}}', ["ada"]),
        ('{"data":"\\"Ada\\""}', []),
        ('{"data":"no JSON"}', []),
        ('["Ada"]', []),
        ("Ada", []),
    ],
)
def test_names_are_found_wherever_they_stand_in_a_payload(text: str, names: list[str]) -> None:
    assert list(names_in(text)) == names


def nested(levels: int, value: object, key: str | None = None) -> Any:
    for _ in range(levels):
        value = [value] if key is None else {key: value}
    return value


@pytest.mark.parametrize("key", [None, "name"])
def test_names_are_looked_for_100_levels_deep(key: str | None) -> None:
    told = [json.dumps({"data": nested(levels, {"name": "Ada"}, key)}) for levels in (99, 100)]
    assert [list(names_in(each)) for each in told] == [["ada"], []]
    told = [json.dumps({"data": {"name": nested(levels, "Ada")}}) for levels in (99, 100)]
    assert [list(names_in(each)) for each in told] == [["ada"], []]


TIMES = [
    "2026-09-27T16:11:55+00:00",
    "2025-09-14T23:18:20.000000Z",
    "2026-09-13T12:47:08.16358Z",
    "2026-09-27T16:13:18Z",
    "2025-09-14 16:11:18",
]


@pytest.mark.parametrize("time", TIMES)
def test_times_are_shifted_in_the_form_that_they_have(time: str) -> None:
    (mapped,) = payload({"created_at": [time]})["created_at"]
    assert (len(mapped), mapped[10], mapped[19:]) == (len(time), time[10], time[19:])
    before, after = (datetime.fromisoformat(each[:19]) for each in (time, mapped))
    assert after - before == timedelta(seconds=PSEUDONYMS.shift)


def test_times_in_numbers_are_shifted_too() -> None:
    shift = PSEUDONYMS.shift
    told = {"created_at": 1_790_000_000, "timestamp": 1_790_000_000_123, "start_time": 12, "at": 1_790_000_000.5}
    assert payload(told) == {
        "created_at": 1_790_000_000 + shift,
        "timestamp": 1_790_000_000_123 + 1000 * shift,
        "start_time": 12,
        "at": 1_790_000_000.5 + shift,
    }


def test_a_time_is_set_back_as_far_as_all_others() -> None:
    back = datetime(2026, 9, 27, 16, 13, 18, tzinfo=UTC) + timedelta(seconds=PSEUDONYMS.shift)
    assert payload({"x": "2026-09-27T16:13:18Z"})["x"] == f"{back:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize(
    ("number", "unit"),
    [(10**9, 1), (10**10 - 1, 1), (10**12, 1_000), (10**13 - 1, 1_000)]
    + [(number, 0) for number in (10**9 - 1, 10**10, 10**12 - 1, 10**13)],
)
def test_a_number_is_a_time_of_this_century_in_seconds_or_milliseconds_or_none(number: int, unit: int) -> None:
    assert payload({"created_at": number})["created_at"] == number + unit * PSEUDONYMS.shift


def test_what_only_looks_like_a_time_is_a_text() -> None:
    assert payload({"x": "2026-99-99T00:00:00Z"})["x"] != "2026-99-99T00:00:00Z"
    assert payload({"x": "0001-01-01T00:00:00Z"})["x"] != "0001-01-01T00:00:00Z"


def test_a_message_keeps_its_structure() -> None:
    text = "Well, @Ada_L: see (https://kick.com/ada) [emote:37226:KEKW][emote:37226:KEKW] \u4f60\u597d!"
    mapped = DISGUISE.text(text)
    assert len(mapped) == len(text)
    assert [type(each) for each in fragments(mapped)] == [type(each) for each in fragments(text)]
    assert {Mention, Link, Emote} <= {type(each) for each in fragments(mapped)}
    (mention,) = [each for each in fragments(mapped) if isinstance(each, Mention)]
    assert mention.username == payload({"username": "Ada_L"})["username"]
    first, second = [each for each in fragments(mapped) if isinstance(each, Emote)]
    assert first == second
    assert (first.id, first.name) != (37226, "KEKW")


@given(st.text() | st.just("\ud800"))
def test_any_text_of_the_socket_is_disguised_without_raising(text: str) -> None:
    DISGUISE.frame(text)
    DISGUISE.frame(json.dumps({"event": "x", "data": text, "channel": text}))
    list(names_in(text))


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)


@given(values, values)
def test_what_is_a_frame_stays_one_and_what_is_none_stays_none(event: Any, data: Any) -> None:
    text = json.dumps({"event": event, "data": data})
    assert is_frame(DISGUISE.frame(text)) is is_frame(text)


def is_frame(text: str) -> bool:
    try:
        parse_frame(text)
    except RemoteProtocolError:
        return False
    return True


@given(values)
def test_equal_values_stay_equal(value: Any) -> None:
    first, second = payload([value, value])
    assert first == second


def test_what_is_deeper_than_any_payload_is_cut() -> None:
    deep: Any = CANARY
    for _ in range(300):
        deep = [deep]
    assert CANARY not in json.dumps(payload({"x": deep}))


@pytest.mark.parametrize("key", [None, "x"])
def test_100_levels_are_kept_and_what_is_below_is_empty(key: str | None) -> None:
    deep, kept = nested(150, 1, key), nested(100, nested(0, [] if key is None else {}), key)
    assert payload(deep) == kept
    assert json.loads(DISGUISE.frame(json.dumps({"event": "x", "extra": deep})))["extra"] == kept
    if key is None:
        assert json.loads(DISGUISE.frame(json.dumps(deep))) == kept


def test_levels_count_on_in_json_within_a_text() -> None:
    (text,) = payload([json.dumps(nested(150, 1))])
    assert json.loads(text) == nested(98, [])


def test_a_text_that_stands_too_deep_is_not_read_as_json() -> None:
    read, words = nested(98, "[true]"), nested(100, "[true]")
    assert payload(read) == read
    assert payload(words) == nested(100, f"[{PSEUDONYMS.word('true')}]")


def test_a_frame_that_cannot_be_read_throughout_keeps_its_name() -> None:
    odd = '{"event":"NewEvent","channel":"channel_668","data":"' + CANARY + '","x":' + "9" * 5000 + "}"
    mapped = parse_frame(DISGUISE.frame(odd))
    assert (mapped.event, len(mapped.data)) == ("NewEvent", len(CANARY))
    assert mapped.data != CANARY
    assert mapped.channel == DISGUISE.topic("channel_668")


@pytest.mark.parametrize("told", [5, [1], "text", None])
def test_json_that_is_no_frame_stays_json(told: object) -> None:
    assert type(json.loads(DISGUISE.frame(json.dumps(told)))) is type(told)

"""Each manner of each personality: one test a row, with the texts as they are on the wire."""

import json

import pytest

from kick_proto.frames import Frame, encode_subscribe, encode_unsubscribe, parse_frame
from kick_proto.pusher import KICK_APP_KEY
from kick_proto.testing.faults import MALFORMED
from kick_proto.testing.personalities import HOSTED, PERSONALITIES, REVERB, SOKETI, Form, Personality, encode_as
from kick_proto.testing.server import (
    ClientConnected,
    ClientGone,
    ClientPinged,
    ClientSubscribed,
    ClientUnsubscribed,
    TextReceived,
)
from tests.testing.stand import MESSAGE, PING, TOPIC, Stand, connected, subscribed


def test_the_personalities_have_their_names() -> None:
    assert list(PERSONALITIES) == ["hosted", "soketi", "reverb"]
    assert PERSONALITIES["reverb"] is REVERB


@pytest.mark.parametrize(
    ("personality", "text"),
    [
        (
            HOSTED,
            r'{"event":"pusher:connection_established",'
            r'"data":"{\"socket_id\":\"500001.500000001\",\"activity_timeout\":120}"}',
        ),
        (
            SOKETI,
            r'{"event":"pusher:connection_established",'
            r'"data":"{\"socket_id\":\"500001.500000001\",\"activity_timeout\":30}"}',
        ),
        (
            REVERB,
            r'{"event":"pusher:connection_established",'
            r'"data":"{\"socket_id\":\"500001.500000001\",\"activity_timeout\":30}"}',
        ),
    ],
)
def test_handshake(personality: Personality, text: str) -> None:
    stand = Stand(personality)
    stand.accept()
    assert stand.said() == [text]
    assert stand.server.take_events() == [ClientConnected(1, "500001.500000001")]
    assert (stand.server.client_count, stand.server.refs) == (1, (1,))


@pytest.mark.parametrize(
    ("personality", "text"),
    [
        (HOSTED, '{"event":"pusher_internal:subscription_succeeded","data":"{}","channel":"chatrooms.1.v2"}'),
        (SOKETI, '{"event":"pusher_internal:subscription_succeeded","channel":"chatrooms.1.v2"}'),
        (REVERB, '{"event":"pusher_internal:subscription_succeeded","data":"{}","channel":"chatrooms.1.v2"}'),
    ],
)
def test_confirmation(personality: Personality, text: str) -> None:
    stand = connected(personality)
    stand.hear(encode_subscribe(TOPIC))
    assert stand.said() == [text]
    assert stand.server.take_events() == [ClientSubscribed(1, TOPIC)]
    assert stand.server.topics_of(1) == (TOPIC,)


@pytest.mark.parametrize(
    ("personality", "text"),
    [
        (HOSTED, '{"event":"pusher:pong","data":{}}'),
        (SOKETI, '{"event":"pusher:pong","data":{}}'),
        (REVERB, '{"event":"pusher:pong"}'),
    ],
)
def test_pong(personality: Personality, text: str) -> None:
    stand = connected(personality)
    stand.hear(PING)
    assert stand.said() == [text]
    assert stand.server.take_events() == [ClientPinged(1)]


@pytest.mark.parametrize(
    ("personality", "text"),
    [(HOSTED, PING), (SOKETI, PING), (REVERB, '{"event":"pusher:ping"}')],
)
def test_the_servers_own_ping(personality: Personality, text: str) -> None:
    stand = connected(personality)
    stand.command(stand.server.ping, 1)
    assert stand.said() == [text]


@pytest.mark.parametrize(
    ("personality", "text"),
    [
        (HOSTED, '{"event":"pusher:error","data":{"code":null,"message":"a/é"}}'),
        (SOKETI, '{"event":"pusher:error","data":{"code":null,"message":"a/é"}}'),
        # PHP encodes twice, and escapes each time.
        (REVERB, r'{"event":"pusher:error","data":"{\"code\":null,\"message\":\"a\\\/\\u00e9\"}"}'),
    ],
)
def test_error(personality: Personality, text: str) -> None:
    stand = connected(personality)
    stand.command(stand.server.send_error, 1, None, "a/é")
    assert stand.said() == [text]


@pytest.mark.parametrize(
    ("personality", "text"),
    [
        (HOSTED, r'{"event":"App\\Events\\X","data":"{\"u\":\"/é😀\"}","channel":"chatrooms.1.v2"}'),
        (SOKETI, r'{"event":"App\\Events\\X","channel":"chatrooms.1.v2","data":"{\"u\":\"/é😀\"}"}'),
        (REVERB, r'{"event":"App\\Events\\X","data":"{\"u\":\"\/\u00e9\ud83d\ude00\"}","channel":"chatrooms.1.v2"}'),
    ],
)
def test_a_published_frame_has_the_servers_keys_and_escapes(personality: Personality, text: str) -> None:
    stand = subscribed(personality)
    frame = Frame("App\\Events\\X", TOPIC, '{"u":"/é😀"}')
    assert stand.command(stand.server.publish, frame) == 1
    (said,) = stand.said()
    assert said == text
    assert parse_frame(said) == frame


@pytest.mark.parametrize("personality", PERSONALITIES.values(), ids=PERSONALITIES)
@pytest.mark.parametrize("form", [Form.STRING, Form.OBJECT])
@pytest.mark.parametrize(
    "data",
    [r'{"u":"/"}', r'{"u":"\/"}', r'{"u":"\\/"}', r'{"u":"\\\/"}', r'{"u":"\u00e9/é\"/\\"}', '{"/é": "\\\\"}'],
)
def test_what_is_escaped_already_says_the_same(personality: Personality, form: Form, data: str) -> None:
    told = json.loads(encode_as(personality, "E", data, form=form))["data"]
    assert (told if form is Form.OBJECT else json.loads(told)) == json.loads(data)


@pytest.mark.parametrize("personality", PERSONALITIES.values())
@pytest.mark.parametrize("data", ["", "hi", '"quoted"', "42", "{", '{"a":"\\u00e9"}'])
def test_any_payload_arrives_as_it_was_published(personality: Personality, data: str) -> None:
    stand = subscribed(personality)
    stand.command(stand.server.publish, Frame("E", TOPIC, data))
    assert [parse_frame(text) for text in stand.said()] == [Frame("E", TOPIC, data)]


@pytest.mark.parametrize(
    ("personality", "words"),
    [
        (
            HOSTED,
            ["close 4001 App key WRONG not in this cluster. Did you forget to specify the cluster?"],
        ),
        (
            SOKETI,
            [
                '{"event":"pusher:error","data":{"code":4001,"message":"App key WRONG does not exist."}}',
                "close 4001",
            ],
        ),
        (
            REVERB,
            [
                r'{"event":"pusher:error","data":"{\"code\":4001,\"message\":'
                r'\"App key WRONG not in this cluster. Did you forget to specify the cluster?\"}"}',
                "drop",
            ],
        ),
    ],
)
def test_a_wrong_key_is_refused_in_the_servers_manner(personality: Personality, words: list[str]) -> None:
    stand = Stand(personality)
    stand.accept(target="/app/WRONG?protocol=7")
    assert stand.said() == words
    assert stand.server.take_events() == [ClientGone(1, 4001)]
    assert stand.server.client_count == 0
    assert stand.server.poll_timeout() is None


@pytest.mark.parametrize("target", ["/", "", "/ap/x", f"/app/{KICK_APP_KEY}/", f"/x/app/{KICK_APP_KEY}", "*"])
def test_a_wrong_path_is_refused_with_4005(target: str) -> None:
    stand = Stand()
    stand.accept(target=target)
    assert stand.said() == ["close 4005 Path not found"]


@pytest.mark.parametrize("query", ["", "?", "?protocol=3", "?protocol=99", "?protocol=x&client=", "?a?b/c"])
def test_any_query_is_welcome(query: str) -> None:
    stand = Stand()
    stand.accept(target=f"/app/{KICK_APP_KEY}{query}")
    assert stand.names() == ["pusher:connection_established"]


def test_the_key_is_a_setting() -> None:
    stand = Stand(key="mine")
    stand.accept(target="/app/mine")
    assert stand.names() == ["pusher:connection_established"]
    stand.accept(2)
    assert stand.said(2)[0].startswith(f"close 4001 App key {KICK_APP_KEY} not in this cluster")


def duplicate_answers(personality: Personality) -> list[str]:
    stand = subscribed(personality)
    stand.hear(encode_subscribe(TOPIC))
    answers = stand.said()
    assert stand.server.take_events() == []
    stand.command(stand.server.publish, MESSAGE)
    assert len(stand.said()) == 1, "a second subscription does not deliver twice"
    return answers


def test_a_duplicate_subscribe_is_an_error_of_code_null_on_the_hosted_service() -> None:
    assert duplicate_answers(HOSTED) == [
        '{"event":"pusher:error","data":{"code":null,"message":"Existing subscription to channel chatrooms.1.v2"}}'
    ]


@pytest.mark.parametrize("personality", [SOKETI, REVERB])
def test_a_duplicate_subscribe_is_confirmed_again_elsewhere(personality: Personality) -> None:
    (answer,) = duplicate_answers(personality)
    assert parse_frame(answer).event == "pusher_internal:subscription_succeeded"


@pytest.mark.parametrize(
    ("personality", "answers"),
    [
        (
            HOSTED,
            [
                '{"event":"pusher:error","data":{"code":null,"message":'
                '"No current subscription to channel chatrooms.1.v2, or subscription in progress"}}'
            ],
        ),
        (SOKETI, []),
        (REVERB, []),
    ],
)
def test_an_unsubscribe_of_what_was_not_subscribed(personality: Personality, answers: list[str]) -> None:
    stand = connected(personality)
    stand.hear(encode_unsubscribe(TOPIC))
    assert stand.said() == answers
    assert stand.server.take_events() == []


@pytest.mark.parametrize("personality", PERSONALITIES.values())
def test_an_unsubscribe_has_no_answer_and_ends_delivery(personality: Personality) -> None:
    stand = subscribed(personality)
    stand.hear(encode_unsubscribe(TOPIC))
    assert stand.said() == []
    assert stand.server.take_events() == [ClientUnsubscribed(1, TOPIC)]
    assert stand.command(stand.server.publish, MESSAGE) == 0
    assert stand.said() == []


@pytest.mark.parametrize(
    ("personality", "answers"),
    [(HOSTED, []), (SOKETI, []), (REVERB, [{"code": 4200, "message": "Invalid message format"}])],
)
@pytest.mark.parametrize(
    "text",
    [
        *MALFORMED,
        '{"event":"pusher:whatever"}',
        '{"event":"pusher:subscribe"}',
        '{"event":"pusher:subscribe","data":{}}',
        '{"event":"pusher:subscribe","data":{"channel":null}}',
        '{"event":"pusher:subscribe","data":"x"}',
        '{"event":"pusher:unsubscribe","data":[]}',
        "\ud800",
    ],
)
def test_a_text_without_sense_is_told_and_closes_nothing(
    personality: Personality, answers: list[object], text: str
) -> None:
    stand = subscribed(personality)
    stand.hear(text)
    assert [json.loads(parse_frame(said).data) for said in stand.said()] == answers
    assert stand.server.take_events() == [TextReceived(1, text)]
    assert stand.server.topics_of(1) == (TOPIC,)

"""How a server reads what clients ask for."""

import msgspec
import pytest

from kick_proto.errors import RemoteProtocolError
from kick_proto.testing.voice import parse_asked, parse_topic


def test_an_event_is_read_with_its_data_as_it_stands_there() -> None:
    asked = parse_asked('{"event":"pusher:subscribe", "data": { "channel": "x" }, "more": 1}')
    assert (asked.event, bytes(asked.data)) == ("pusher:subscribe", b'{ "channel": "x" }')
    assert bytes(parse_asked('{"event":"pusher:ping"}').data) == b""


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"event":7}', "[" * 5000, "\ud800"])
def test_what_is_no_frame_is_said_to_be_none_and_why(text: str) -> None:
    with pytest.raises(RemoteProtocolError, match=r"^not a client's frame: [^N]"):
        parse_asked(text)


@pytest.mark.parametrize("data", [b'{"channel":"x"}', rb'"{\"channel\":\"x\"}"'])
def test_a_topic_stands_in_an_object_or_in_a_string_that_holds_one(data: bytes) -> None:
    assert parse_topic(msgspec.Raw(data)) == "x"


@pytest.mark.parametrize("data", [b"", b"{}", b'{"channel":null}', b'"x"', b"[]"])
def test_where_no_topic_is_named_that_is_said_and_why(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match=r"^no channel is named: [^N]"):
        parse_topic(msgspec.Raw(data))

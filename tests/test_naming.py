"""What people call a channel."""

import pytest

from kick_io.platform.naming import given
from kick_proto.errors import LocalProtocolError
from kick_proto.ids import Channel, ChannelId, ChatroomId


@pytest.mark.parametrize("text", ["668:1337", " 668:1337\n"])
def test_two_numbers_are_a_channel(text: str) -> None:
    assert given(text) == Channel(ChannelId(668), ChatroomId(1337))


@pytest.mark.parametrize(
    "text", ["", "668", "668:", ":668", "xqc", "668:1337:1", "-1:2", "1 : 2", "٦:٦", "1" * 19 + ":1"]
)
def test_anything_else_is_a_name_or_nothing(text: str) -> None:
    assert given(text) is None


@pytest.mark.parametrize("text", ["0:1", "1:0"])
def test_no_channel_has_the_number_0(text: str) -> None:
    with pytest.raises(LocalProtocolError, match="positive"):
        given(text)

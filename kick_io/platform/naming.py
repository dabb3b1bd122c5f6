"""A channel that somebody names by its two numbers, so that nobody need be asked for them."""

import re

from kick_proto.ids import Channel, ChannelId, ChatroomId

__all__ = ["given"]

_IDS = re.compile(r"([0-9]{1,18}):([0-9]{1,18})")


def given(target: str) -> Channel | None:
    """The channel whose two numbers are given by hand, as ``668:668``; None for anything else.

    Raises:
        LocalProtocolError: a number is 0.
    """
    found = _IDS.fullmatch(target.strip())
    return None if found is None else Channel(ChannelId(int(found[1])), ChatroomId(int(found[2])))

"""Kick's payload shapes: what an event means nothing without, and how the wire spells the rest."""

import msgspec
import pytest

from kick_proto import payloads

REQUIRED = {
    "ChatMessageEvent": {"id", "content", "created_at", "sender"},
    "MessageDeletedEvent": {"id", "message"},
    "UserBannedEvent": {"id", "user"},
    "UserUnbannedEvent": {"id", "user"},
    "StreamerIsLive": {"livestream"},
    "StopStreamBroadcast": {"livestream"},
    "SubscriptionEvent": {"username", "months"},
}


def test_the_list_below_has_every_payload() -> None:
    assert sorted(REQUIRED) == sorted(payloads.__all__)


@pytest.mark.parametrize("name", REQUIRED)
def test_a_payload_requires_what_the_event_means_nothing_without(name: str) -> None:
    fields = msgspec.structs.fields(getattr(payloads, name))
    assert {field.encode_name for field in fields if field.required} == REQUIRED[name]


def test_a_deleted_message_has_the_two_names_that_the_wire_writes_in_camel_case() -> None:
    fields = msgspec.structs.fields(payloads.MessageDeletedEvent)
    assert [field.encode_name for field in fields] == ["id", "message", "aiModerated", "violatedRules"]

"""What every payload is, and the shapes that several share."""

from typing import ClassVar

import msgspec

from kick_proto.ids import UserId

__all__ = ["MayBeEmpty", "Nothing", "Payload", "Person"]


class Payload(msgspec.Struct, frozen=True, gc=False):
    """The common root, so that a decoder row can say that it takes one."""

    UNREAD: ClassVar[tuple[str, ...]] = ()
    """Fields of the wire that are known and deliberately not read, so that ``kick_proto.drift`` tells the others.

    A struct inside a payload names its own in the same way.
    """


class MayBeEmpty(Payload, frozen=True, gc=False):
    """A payload that may come as ``[]``, as PHP writes an object without fields: all its own have defaults."""


class Nothing(MayBeEmpty, frozen=True, gc=False):
    """The payload of an event whose name says it all: whatever stands in it is not read."""

    UNREAD: ClassVar[tuple[str, ...]] = ("channel", "created_at", "id", "user")


class Person(msgspec.Struct, frozen=True, gc=False):
    """A user in a moderation event. ``banned_by.id`` is 0 in every recorded frame."""

    id: UserId
    username: str
    slug: str | None = None

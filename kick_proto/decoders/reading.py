"""How Kick writes times, durations and persons, read once for all decoders. Source: Seen: wire catalogue 1.5."""

from datetime import UTC, datetime, timedelta

from kick_proto import events, payloads

__all__ = [
    "author",
    "aware",
    "minutes",
    "moderator",
    "nanoseconds",
    "seconds",
    "unix_milliseconds",
    "unix_seconds",
    "user",
    "utc",
]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def aware(moment: datetime) -> datetime:
    """In UTC; a time without a zone means UTC."""
    if moment.tzinfo is UTC:
        return moment
    return moment.astimezone(UTC) if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def utc(moment: datetime | None) -> datetime | None:
    """As ``aware``, where there is a time."""
    return None if moment is None else aware(moment)


def unix_seconds(count: float | None) -> datetime | None:
    """The moment so many seconds after 1970 began; None where that is outside of the calendar."""
    try:
        return EPOCH + timedelta(seconds=count) if count is not None else None
    except (OverflowError, ValueError):
        return None


def unix_milliseconds(count: float | None) -> datetime | None:
    """As ``unix_seconds``, from milliseconds."""
    return unix_seconds(count / 1000) if count is not None else None


def seconds(count: float | None) -> timedelta | None:
    """A duration, where there is one; one beyond all measure gives the longest there is."""
    try:
        return timedelta(seconds=count) if count is not None else None
    except OverflowError:
        return timedelta.max


def minutes(count: float | None) -> timedelta | None:
    """As ``seconds``, from minutes."""
    return seconds(count * 60) if count is not None else None


def nanoseconds(count: int | None) -> timedelta | None:
    """As ``seconds``, from nanoseconds, of which a duration keeps whole microseconds."""
    try:
        return timedelta(microseconds=count // 1000) if count is not None else None
    except OverflowError:
        return timedelta.max


def user(person: payloads.Person) -> events.User:
    """A user in an event."""
    return events.User(person.id, person.username, person.slug)


def moderator(person: payloads.Person | None) -> events.Moderator | None:
    """Who did it, where that is told; an id of 0 is no id."""
    return events.Moderator(person.username, person.id or None, person.slug) if person is not None else None


def author(sender: payloads.Sender) -> events.Author:
    """Who wrote a message, with what is shown beside the name."""
    identity = sender.identity
    if identity is None:
        return events.Author(sender.id, sender.username, sender.slug)
    return events.Author(sender.id, sender.username, sender.slug, identity.color or None, identity.badges or ())

"""An event as one line for people: pieces of text, each with a style.

A line is made without a terminal and without rich: joined, its texts are the plain line; ``screen`` gives the styles
their colours. Every text has gone through ``sanitize``, in the one place where lines leave this module.

One function a type, found in a table; a type without one, as later versions may bring, gets ``_anything``.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import msgspec

from kick_io.cli.sanitize import visible
from kick_proto import content, events, lifecycle, provider
from kick_proto.ids import Channel
from kick_proto.session import SessionEvent

__all__ = ["INDENT", "LINES", "Line", "Renderer", "Span", "plain"]

Span: TypeAlias = tuple[str, str]
"""A text and its style, in rich's words ("" for none)."""
Line: TypeAlias = list[Span]

INDENT = len("12:34:56  ")
"""Where a line's text begins, behind the time."""

REMEMBERED = 500
"""Messages whose text can still be shown when they are deleted."""

LONGEST_VALUE = 120
"""Characters of a value of an event that has no line of its own."""


def plain(line: Line) -> str:
    """The line's text without styles."""
    return "".join(text for text, _ in line)


class Renderer:
    """Makes the lines of one watch; remembers the last messages for the sake of their deletion."""

    def __init__(self, channels: tuple[Channel, ...] = ()) -> None:
        self._names_channels = len(channels) > 1
        self._said: dict[str, events.ChatMessage] = {}

    def line(self, event: SessionEvent, now: datetime) -> Line:
        """The event's line; ``now`` stands for the time of those that have none."""
        at, channel = now, None
        if isinstance(event, events.Event | events.Undecodable):
            at, channel = event.received_at, event.channel
        line = [(f"{at.astimezone():%H:%M:%S}  ", "dim")]
        if self._names_channels and channel is not None:
            line.append((f"{channel}  ", "blue"))
        line += LINES.get(type(event), _anything)(event, self._said)
        if isinstance(event, events.ChatMessage):
            self._remember(event)
        return [(visible(text), style) for text, style in line if text]

    def _remember(self, message: events.ChatMessage) -> None:
        self._said[message.id] = message
        if len(self._said) > REMEMBERED:
            del self._said[next(iter(self._said))]


Said: TypeAlias = Mapping[str, events.ChatMessage]
"""The messages shown last, by id."""

# Chat


BADGES: Mapping[str, Span] = {
    "broadcaster": ("◉", "bold red"),
    "moderator": ("⚔", "bold green"),
    "staff": ("⚙", "bold green"),
    "verified": ("✔", "bold green"),
    "bot": ("▣", "bright_black"),
    "vip": ("◆", "magenta"),
    "og": ("♛", "yellow"),
    "founder": ("✦", "yellow"),
    "sidekick": ("⚑", "cyan"),
    "subscriber": ("★", "yellow"),
    "sub_gifter": ("❖", "magenta"),
}
"""Badges as symbols one column wide."""

OTHER_BADGE: Span = ("•", "bright_black")

COLORS = ("red", "green", "yellow", "blue", "magenta", "cyan")
"""For names whose owners chose no colour; each keeps its own."""

_COLOR = re.compile("#[0-9A-Fa-f]{6}")


def _name(author: events.Author) -> Span:
    chosen = author.color or ""
    return author.username, f"bold {chosen if _COLOR.fullmatch(chosen) else COLORS[author.id % len(COLORS)]}"


def _chat_message(event: events.ChatMessage, said: Said) -> Line:
    line = [BADGES.get(badge.type, OTHER_BADGE) for badge in event.author.badges]
    line += [(" ", "")] * bool(line)
    line += [_name(event.author), (": ", "dim")]
    if event.reply_to is not None:
        line.append((f"↪ @{event.reply_to.username} ", "dim"))
    if event.celebration is not None:
        line.append((_celebration(event.celebration), "bold magenta"))
    line += map(_fragment, event.fragments)
    return line


def _celebration(celebration: events.Celebration) -> str:
    what = celebration.type.replace("_", " ")
    return f"✦ {what} ✦ " if celebration.months is None else f"✦ {what}, {_months(celebration.months)} ✦ "


def _fragment(fragment: content.Fragment) -> Span:
    match fragment:
        case content.Emote(name=name):
            return f":{name}:", "cyan"
        case content.Mention(text=text):
            return text, "bold"
        case content.Link(text=text):
            return text, "underline"
        case content.Text(text=text):
            return text, ""


def _message_deleted(event: events.MessageDeleted, said: Said) -> Line:
    line: Line = [("✗ ", "red"), ("message deleted", "red")]
    if event.by_ai:
        line.append((" by Kick's filter", "red"))
    if rules := ", ".join(rule for rule in event.violated_rules if rule):
        line.append((f" ({rules})", "dim"))
    if (message := said.get(event.message_id)) is not None:
        text = "".join(_fragment(fragment)[0] for fragment in message.fragments)
        line += [("  ", ""), _name(message.author), (": ", "dim"), (text, "strike dim")]
    return line


# Moderation, subscriptions, streams


def _user_banned(event: events.UserBanned, said: Said) -> Line:
    line: Line = [("✗ ", "bold red"), (event.user.username, "bold strike")]
    if event.permanent:
        line.append((" banned", "red"))
    else:
        line.append((" timeout" if event.duration is None else f" timeout {_duration(event.duration)}", "red"))
    return [*line, *_by(event.moderator)]


def _user_unbanned(event: events.UserUnbanned, said: Said) -> Line:
    what = " timeout lifted" if event.permanent is False else " unbanned"
    return [("✓ ", "bold green"), (event.user.username, "bold"), (what, "green"), *_by(event.moderator)]


def _by(moderator: events.Moderator | None) -> Line:
    return [] if moderator is None else [(" by ", "dim"), (moderator.username, "")]


def _subscribed(event: events.Subscribed, said: Said) -> Line:
    return [("★ ", "bold yellow"), (event.username, "bold"), (" subscribed", "yellow")]


def _resubscribed(event: events.Resubscribed, said: Said) -> Line:
    months = f" resubscribed, {_months(event.months)}"
    return [("★ ", "bold yellow"), (event.username, "bold"), (months, "yellow")]


def _stream_online(event: events.StreamOnline, said: Said) -> Line:
    line: Line = [("● live", "bold red")]
    return [*line, (f"  {event.title}", "bold")] if event.title else line


def _stream_offline(event: events.StreamOffline, said: Said) -> Line:
    return [("○ offline", "bold")]


# The connection


def _up(event: lifecycle.Up, said: Said) -> Line:
    gap = "" if event.gap is None else f" again, {_seconds(event.gap)} without events"
    return [("▲ ", "green"), (f"up on {event.cluster}{gap}", "dim")]


def _down(event: lifecycle.Down, said: Said) -> Line:
    match event.retry_in:
        case None:
            then = ""
        case 0.0:
            then = "; trying again at once"
        case seconds:
            then = f"; trying again in {_seconds(seconds)}"
    return [("▼ ", "red"), (f"down on {event.cluster}: {event.code} {event.reason}".rstrip() + then, "dim")]


def _gave_up(event: lifecycle.GaveUp, said: Said) -> Line:
    return [("■ ", "red"), (f"gave up: {event.reason}", "dim")]


def _lagging(event: lifecycle.Lagging, said: Said) -> Line:
    return [("… ", "yellow"), (f"behind by {event.undelivered:,} events", "dim")]


def _confirmed(event: provider.Confirmed, said: Said) -> Line:
    return [("· ", "green"), (f"subscribed to {event.topic}", "dim")]


def _refused(event: provider.Refused, said: Said) -> Line:
    return [("! ", "red"), (f"{event.topic} refused: {event.reason}", "dim")]


def _error_received(event: provider.ErrorReceived, said: Said) -> Line:
    code = "" if event.code is None else f" {event.code}"
    return [("! ", "yellow"), (f"the server reports an error{code}: {event.message}", "dim")]


# What is not understood, and what is not known here


def _unknown(event: events.Unknown, said: Said) -> Line:
    return [(f"? {event.raw.event} on {event.raw.channel}", "dim")]


def _undecodable(event: events.Undecodable, said: Said) -> Line:
    what = f"{event.raw.event} on {event.raw.channel}" if event.raw.event else _short(event.raw.data)
    return [(f"‼ unreadable: {what or 'an empty text'}: {event.error} at {event.path}", "red")]


SHOWN_ELSEWHERE = frozenset({"received_at", "raw", "channel", "id"})


def _anything(event: msgspec.Struct, said: Said) -> Line:
    """The type's name in words, and its fields."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", type(event).__name__).lower()
    line: Line = [("◇ ", "bold cyan"), (words, "cyan")]
    for name, value in _told(event):
        line += [(f"  {name} ", "dim"), (value, "")]
    return line


def _told(struct: msgspec.Struct) -> Iterator[tuple[str, str]]:
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        if name not in SHOWN_ELSEWHERE and value is not None and value != () and value != "":
            yield name.replace("_", " "), _short(_value(value))


def _value(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value.astimezone():%H:%M:%S}"
        case timedelta():
            return _duration(value)
        case tuple() | list() | frozenset():
            return ", ".join(map(_value, value))
        case msgspec.Struct():
            return getattr(value, "username", None) or " ".join(each for _, each in _told(value))
        case _:
            return str(value)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


LINES: Mapping[type, Callable[[Any, Said], Line]] = {
    events.ChatMessage: _chat_message,
    events.MessageDeleted: _message_deleted,
    events.UserBanned: _user_banned,
    events.UserUnbanned: _user_unbanned,
    events.Subscribed: _subscribed,
    events.Resubscribed: _resubscribed,
    events.StreamOnline: _stream_online,
    events.StreamOffline: _stream_offline,
    events.Unknown: _unknown,
    events.Undecodable: _undecodable,
    lifecycle.Up: _up,
    lifecycle.Down: _down,
    lifecycle.GaveUp: _gave_up,
    lifecycle.Lagging: _lagging,
    provider.Confirmed: _confirmed,
    provider.Refused: _refused,
    provider.ErrorReceived: _error_received,
}
"""The line of each type."""

# Amounts, in words


def _months(count: int) -> str:
    return "1 month" if count == 1 else f"{count} months"


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else _duration(timedelta(seconds=seconds))


UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def _duration(duration: timedelta) -> str:
    """The two largest units that there are: "5 min", "1 h 30 min"."""
    seconds, words = int(duration.total_seconds()), []
    for size, unit in UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            words.append(f"{count} {unit}")
    return " ".join(words[:2]) or "0 s"

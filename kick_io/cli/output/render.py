"""An event as one line for people: pieces of text, each with a style.

A line is made without a terminal and without rich: joined, its texts are the plain line; ``screen`` gives the styles
their colours. Every text has gone through ``sanitize``, in the one place where lines leave this module.

One function a type, found in a table; a type without one, as later versions may bring, gets ``_anything``.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

import msgspec

from kick_io.cli.output.sanitize import visible
from kick_io.cli.output.words import counted, duration_in_words, months, seconds_in_words, short, told
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

NAMED = 5
"""Recipients of a gift that are named."""


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


def _name(author: events.Author) -> Span:
    return author.username, f"bold {COLORS[author.id % len(COLORS)] if author.rgb is None else author.color}"


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
    return f"✦ {what} ✦ " if celebration.months is None else f"✦ {what}, {months(celebration.months)} ✦ "


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


def _chat_cleared(event: events.ChatCleared, said: Said) -> Line:
    return [("✗ ", "bold red"), ("chat cleared", "red")]


def _message_pinned(event: events.MessagePinned, said: Said) -> Line:
    message = event.message
    line: Line = [("⚲ ", "bold cyan"), ("pinned", "cyan")]
    if event.pinned_by is not None:
        line += [(" by ", "dim"), (event.pinned_by.username, "")]
    if event.duration is not None:
        line.append((f" for {duration_in_words(event.duration)}", "dim"))
    line.append(("  ", ""))
    if message.author is not None:
        line += [_name(message.author), (": ", "dim")]
    return [*line, *map(_fragment, content.fragments(message.text))]


def _message_unpinned(event: events.MessageUnpinned, said: Said) -> Line:
    return [("⚲ ", "cyan"), ("unpinned", "dim")]


def _settings_changed(event: events.ChatSettingsChanged, said: Said) -> Line:
    modes = {
        "slow mode": event.slow_mode,
        "followers only": event.followers_only,
        "subscribers only": event.subscribers_only,
        "emotes only": event.emotes_only,
        "account age": event.account_age,
        "links allowed": event.links_allowed,
        "bot protection": event.bot_protection,
    }
    told = [f"{name} {_mode(mode)}" for name, mode in modes.items() if mode is not None]
    told += [f"rules {short(event.rules)}"] if event.rules else []
    return [("⚙ ", "bold yellow"), ("chat settings", "yellow"), ("  " if told else "", ""), (", ".join(told), "dim")]


def _mode(mode: events.Mode) -> str:
    if not mode.enabled:
        return "off"
    return duration_in_words(mode.duration) if mode.duration else "on"


def _banned_words_changed(event: events.BannedWordsChanged, said: Said) -> Line:
    what = " banned as a word" if event.banned else " allowed as a word"
    return [("⚙ ", "bold yellow"), (event.word, "bold"), (what, "yellow"), *_by(event.moderator)]


# Moderation, subscriptions, streams


def _user_banned(event: events.UserBanned, said: Said) -> Line:
    line: Line = [("✗ ", "bold red"), (event.user.username, "bold strike")]
    if event.permanent:
        line.append((" banned", "red"))
    else:
        line.append((" timeout" if event.duration is None else f" timeout {duration_in_words(event.duration)}", "red"))
    return [*line, *_by(event.moderator)]


def _user_unbanned(event: events.UserUnbanned, said: Said) -> Line:
    what = " timeout lifted" if event.permanent is False else " unbanned"
    return [("✓ ", "bold green"), (event.user.username, "bold"), (what, "green"), *_by(event.moderator)]


def _by(moderator: events.Moderator | None) -> Line:
    return [] if moderator is None else [(" by ", "dim"), (moderator.username, "")]


def _subscribed(event: events.Subscribed, said: Said) -> Line:
    return [("★ ", "bold yellow"), (event.username, "bold"), (" subscribed", "yellow"), *_said_with_it(event.text)]


def _resubscribed(event: events.Resubscribed, said: Said) -> Line:
    renewed = " resubscribed" if event.months is None else f" resubscribed, {months(event.months)}"
    return [("★ ", "bold yellow"), (event.username, "bold"), (renewed, "yellow"), *_said_with_it(event.text)]


def _gifted_subscriptions(event: events.GiftedSubscriptions, said: Said) -> Line:
    match event.gifted_total:
        case None:
            what = " gifted subscriptions"
        case 1:
            what = " gifted a subscription"
        case total:
            what = f" gifted {total:,} subscriptions"
    line: Line = [("❖ ", "bold magenta"), (event.gifter or "somebody", "bold"), (what, "magenta")]
    if named := event.recipients[:NAMED]:
        more = max(len(event.recipients), event.gifted_total or 0) - len(named)
        line.append((f" to {', '.join(named)}" + (f" and {more:,} more" if more else ""), "dim"))
    return line


def _said_with_it(text: str | None) -> Line:
    return [("  ", ""), *map(_fragment, content.fragments(text))] if text else []


def _stream_online(event: events.StreamOnline, said: Said) -> Line:
    line: Line = [("● live", "bold red")]
    return [*line, (f"  {event.title}", "bold")] if event.title else line


def _stream_offline(event: events.StreamOffline, said: Said) -> Line:
    return [("○ offline", "bold")]


def _stream_updated(event: events.StreamUpdated, said: Said) -> Line:
    line: Line = [("● ", "bold red"), ("stream updated", "red")]
    told = {
        "title": event.title,
        "category": event.category.name if event.category is not None else None,
        "language": event.language,
        "mature": {True: "yes", False: "no", None: None}[event.is_mature],
        "viewers": None if event.viewers is None else f"{event.viewers:,}",
        "tags": ", ".join(event.tags or ()),
    }
    for name, value in told.items():
        if value:
            line += [(f"  {name} ", "dim"), (short(value), "")]
    return line


def _raid_received(event: events.RaidReceived, said: Said) -> Line:
    viewers = counted(event.viewers, "viewer")
    line: Line = [("➤ ", "bold magenta"), (event.username, "bold"), (f" raids with {viewers}", "magenta")]
    return [*line, *_said_with_it(event.text)]


def _raid_sent(event: events.RaidSent, said: Said) -> Line:
    line: Line = [("➤ ", "bold magenta"), ("raids ", "magenta"), (event.username or event.slug, "bold")]
    told = [event.category, None if event.viewers is None else counted(event.viewers, "viewer")]
    if more := ", ".join(filter(None, told)):
        line.append((f" ({more})", "dim"))
    return line


def _followers_changed(event: events.FollowersChanged, said: Said) -> Line:
    what = {True: " follows", False: " follows no more", None: "'s following changed"}[event.followed]
    line: Line = [("♥ ", "bold green"), (event.username or "somebody", "bold"), (what, "green")]
    return line if event.count is None else [*line, (f", {counted(event.count, 'follower')}", "dim")]


# Polls and predictions


def _poll_changed(event: events.PollChanged, said: Said) -> Line:
    line: Line = [("▤ ", "bold blue"), ("poll ", "blue"), (event.title, "bold")]
    for option in event.options:
        line += [(f"  {option.label} ", ""), (f"{option.votes:,}", "dim")]
    if event.remaining is not None:
        line.append((f"  {duration_in_words(event.remaining)} left", "dim"))
    return line


def _poll_deleted(event: events.PollDeleted, said: Said) -> Line:
    return [("▤ ", "blue"), ("poll deleted", "dim")]


def _prediction_changed(event: events.PredictionChanged, said: Said) -> Line:
    line: Line = [("◭ ", "bold blue"), (f"prediction {event.state.lower()} ", "blue"), (event.title, "bold")]
    for outcome in event.outcomes:
        won = "✓ " if outcome.id == event.winning_outcome_id else ""
        staked = "" if outcome.amount is None else f" {outcome.amount:,}"
        line += [(f"  {won}{outcome.title}", "bold" if won else ""), (staked, "dim")]
    return line


# Tips, rewards, goals, leaderboards


def _subscriber_count_changed(event: events.SubscriberCountChanged, said: Said) -> Line:
    return [("★ ", "yellow"), (counted(event.count, "subscriber"), "")]


def _tipped(event: events.Tipped, said: Said) -> Line:
    line: Line = [("◈ ", "bold green"), (event.username, "bold"), (f" sent {event.amount:,} {event.currency}", "green")]
    if event.gift:
        line.append((f" ({event.gift})", "dim"))
    return [*line, *_said_with_it(event.text)]


def _reward_redeemed(event: events.RewardRedeemed, said: Said) -> Line:
    title = event.title or "a reward"
    line: Line = [("✧ ", "bold cyan"), (event.username, "bold"), (" redeemed ", "cyan"), (title, "bold cyan")]
    return [*line, *_said_with_it(event.text)]


def _points_changed(event: events.PointsChanged, said: Said) -> Line:
    line: Line = [("✧ ", "cyan"), (counted(event.points, "point"), "")]
    if event.reason:
        line.append((f" {event.reason.replace('_', ' ').lower()}", ""))
    if event.balance is not None:
        line.append((f", {event.balance:,} in all", "dim"))
    return line


def _goal_changed(event: events.GoalChanged, said: Said) -> Line:
    line: Line = [("◎ ", "bold blue"), (f"goal {event.change}", "blue")]
    amounts = " of ".join(f"{amount:,}" for amount in (event.current, event.target) if amount is not None)
    if told := " ".join(filter(None, (amounts, event.kind))):
        line += [(": ", "dim"), (told, "")]
    return line


def _leaderboard_changed(event: events.LeaderboardChanged, said: Said) -> Line:
    line: Line = [("♛ ", "bold yellow"), (f"{event.unit} leaderboard", "yellow")]
    boards = {"ever": event.lifetime, "this month": event.month, "this week": event.week}
    for when, board in boards.items():
        if board:
            line += [(f"  {when} ", "dim"), (f"{board[0].username} {board[0].quantity:,}", "")]
    return line


# The connection


def _up(event: lifecycle.Up, said: Said) -> Line:
    gap = "" if event.gap is None else f" again, {seconds_in_words(event.gap)} without events"
    return [("▲ ", "green"), (f"up on {event.cluster}{gap}", "dim")]


def _down(event: lifecycle.Down, said: Said) -> Line:
    match event.retry_in:
        case None:
            then = ""
        case 0.0:
            then = "; trying again at once"
        case seconds:
            then = f"; trying again in {seconds_in_words(seconds)}"
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
    what = f"{event.raw.event} on {event.raw.channel}" if event.raw.event else short(event.raw.data)
    return [(f"‼ unreadable: {what or 'an empty text'}: {event.error} at {event.path}", "red")]


def _anything(event: msgspec.Struct, said: Said) -> Line:
    """The type's name in words, and its fields."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", type(event).__name__).lower()
    line: Line = [("◇ ", "bold cyan"), (words, "cyan")]
    for name, value in told(event):
        line += [(f"  {name} ", "dim"), (value, "")]
    return line


LINES: Mapping[type, Callable[[Any, Said], Line]] = {
    events.ChatMessage: _chat_message,
    events.MessageDeleted: _message_deleted,
    events.ChatCleared: _chat_cleared,
    events.MessagePinned: _message_pinned,
    events.MessageUnpinned: _message_unpinned,
    events.ChatSettingsChanged: _settings_changed,
    events.BannedWordsChanged: _banned_words_changed,
    events.UserBanned: _user_banned,
    events.UserUnbanned: _user_unbanned,
    events.Subscribed: _subscribed,
    events.Resubscribed: _resubscribed,
    events.GiftedSubscriptions: _gifted_subscriptions,
    events.SubscriberCountChanged: _subscriber_count_changed,
    events.Tipped: _tipped,
    events.RewardRedeemed: _reward_redeemed,
    events.PointsChanged: _points_changed,
    events.GoalChanged: _goal_changed,
    events.LeaderboardChanged: _leaderboard_changed,
    events.StreamOnline: _stream_online,
    events.StreamOffline: _stream_offline,
    events.StreamUpdated: _stream_updated,
    events.RaidReceived: _raid_received,
    events.RaidSent: _raid_sent,
    events.FollowersChanged: _followers_changed,
    events.PollChanged: _poll_changed,
    events.PollDeleted: _poll_deleted,
    events.PredictionChanged: _prediction_changed,
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

"""How the frames of one fact find each other, and what they make: a ``Rule`` for each kind, no state but a ``Fact``'s.

Where a rule cannot know, it says so by not fitting: two events for one fact are a nuisance, one for two is a loss.
Source: Seen: wire catalogue sections 2, 4, 5, 7 and 8 (2023-2026).
"""

from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar

import msgspec

from kick_proto.events import (
    ChatSettingsChanged,
    GiftedSubscriptions,
    JoinedEvent,
    RaidReceived,
    Resubscribed,
    Subscribed,
)
from kick_proto.ids import UserId

__all__ = ["GIFT", "RAID", "SETTINGS", "SUBSCRIPTION", "Fact", "Rule"]

PartT = TypeVar("PartT", bound=JoinedEvent)
ValueT = TypeVar("ValueT")
Subscription: TypeAlias = Subscribed | Resubscribed


class Fact(Generic[PartT]):
    """What is known of one fact: its parts in the order in which they came, and the event that they make.

    ``names`` are the wire's names of all that came, bare, and ``size`` counts it. The parts that came too late to be
    worth telling are among that: they are known again, and not taken for another fact's.
    """

    __slots__ = (
        "_frames", "deadline", "event", "is_complete", "is_pending", "key", "marks", "names", "number", "parts", "rule",
        "size", "until",
    )  # fmt: skip

    def __init__(
        self, number: int, rule: "Rule[PartT]", key: Hashable, part: PartT, *, deadline: float, until: float
    ) -> None:
        self.number = number
        self.rule = rule
        self.key = key
        self.parts = [part]
        self.names = {_name(part)}
        self.marks = rule.marks(part)
        self.size = 1
        self._frames = {part.raw}
        # Joined with itself a part takes the form that every joined event has.
        self.event = rule.join(part, part)
        self.deadline = deadline
        self.until = until
        self.is_pending = True
        self.is_complete = rule.complete(self)

    def add(self, part: PartT) -> None:
        """Take in one more part."""
        self.parts.append(part)
        self.marks |= self.rule.marks(part)
        self._learn(part)

    def drop(self, part: PartT) -> None:
        """Take note of a part that is not told."""
        if not self.has(part):
            self._learn(part)

    def _learn(self, part: PartT) -> None:
        self.size += 1
        self._frames.add(part.raw)
        self.names.add(_name(part))
        self.event = self.rule.join(self.event, part)
        self.is_complete = self.rule.complete(self)

    def has(self, part: PartT) -> bool:
        """Whether this very frame came before."""
        return part.raw in self._frames


class Rule(msgspec.Struct, Generic[PartT], frozen=True, kw_only=True):
    """How the parts of one kind of fact find each other, and what they make."""

    kind: str
    key: Callable[[PartT], Hashable]
    """What all parts of a fact have in common, beside the channel."""
    join: Callable[[PartT, PartT], PartT]
    """What is known, and one part more: keeps the time and the frame of the former."""
    complete: Callable[[Fact[PartT]], bool]
    """Whether there is nothing left to wait for."""
    news: tuple[str, ...]
    """The fields that a late part must add to for the fact to go out again, where it went out incomplete."""
    changes: tuple[str, ...] = ()
    """The same, where it went out complete."""
    fits: Callable[[Fact[PartT], PartT], int] = lambda fact, part: 1
    """How well a part fits a fact of the same key: the highest wins, 0 does not fit."""
    marks: Callable[[PartT], set[int]] = lambda part: set()
    """The numbers by which the parts of one fact know each other, where the key does not tell."""


def _name(part: JoinedEvent) -> str:
    return part.raw.event.rpartition("\\")[2]


def _either(known: ValueT | None, other: ValueT | None) -> ValueT | None:
    return other if known is None else known


def _most(known: int | None, other: int | None) -> int | None:
    return _either(known, other) if known is None or other is None else max(known, other)


def _earliest(known: datetime | None, other: datetime | None) -> datetime | None:
    return _either(known, other) if known is None or other is None else min(known, other)


def _all_of(*names: str) -> Callable[[Fact[Any]], bool]:
    """Complete when frames of all these names are here."""
    wanted = frozenset(names)
    return lambda fact: wanted <= fact.names


# Subscriptions


def _join_subscriptions(known: Subscription, part: Subscription) -> Subscription:
    months = _most(known.months, part.months)
    renewed = months >= 2 if months is not None else Resubscribed in (type(known), type(part))
    return (Resubscribed if renewed else Subscribed)(
        known.received_at,
        known.raw,
        known.channel,
        known.username,
        months,
        _either(known.user_id, part.user_id),
        _either(known.text, part.text),
        _earliest(known.subscribed_at, part.subscribed_at),
    )


SUBSCRIPTION: Rule[Any] = Rule(
    kind="subscription",
    key=lambda part: part.username.casefold(),
    join=_join_subscriptions,
    complete=_all_of("SubscriptionEvent", "ChannelSubscriptionEvent", "ChatMessageSentEvent"),
    news=("months", "user_id", "text"),
)


# Gifts


def _join_gifts(known: GiftedSubscriptions, part: GiftedSubscriptions) -> GiftedSubscriptions:
    return msgspec.structs.replace(
        known,
        gifter=_either(known.gifter, part.gifter),
        recipients=_join_names(known.recipients, part.recipients),
        recipient_ids=_join_ids(known.recipient_ids, part.recipient_ids),
        gifted_total=_most(known.gifted_total, part.gifted_total),
        lifetime_total=_most(known.lifetime_total, part.lifetime_total),
        gifter_id=_either(known.gifter_id, part.gifter_id),
        gift_id=_either(known.gift_id, part.gift_id),
        gifted_at=_earliest(known.gifted_at, part.gifted_at),
        chunk_index=None,
        total_chunks=None,
    )


def _join_names(known: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """All names, each once, in the order of the alphabet; as they are, where there are no more."""
    if not more:
        return known
    names = {name.casefold(): name for name in more} | {name.casefold(): name for name in known}
    return tuple(names[folded] for folded in sorted(names))


def _join_ids(known: tuple[UserId, ...], more: tuple[UserId, ...]) -> tuple[UserId, ...]:
    return tuple(sorted({*known, *more})) if more else known


def _chunk_count(fact: Fact[GiftedSubscriptions]) -> int:
    """In how many chunks the gift comes; 1 where nothing is said of chunks."""
    return max(part.total_chunks or 1 for part in fact.parts)


_gift_frames_are_here = _all_of("GiftedSubscriptionsEvent", "ChannelSubscriptionEvent", "ChatMessageSentEvent")


def _gift_is_complete(fact: Fact[GiftedSubscriptions]) -> bool:
    """With its last chunk, for then all names are known; one that comes in one frame waits for the ids too."""
    if (count := _chunk_count(fact)) > 1:
        return len({part.chunk_index for part in fact.parts if part.chunk_index is not None}) >= count
    return fact.event.complete and _gift_frames_are_here(fact)


def _gift_fits(fact: Fact[GiftedSubscriptions], part: GiftedSubscriptions) -> int:
    """By the gift's id where both have one; else by the gifter; where one tells no gifter, by the numbers alone."""
    known = fact.event
    if known.gift_id is not None and part.gift_id is not None:
        return 3 if known.gift_id == part.gift_id else 0
    # The dearest question last: nearly all other gifts of a channel are somebody else's.
    if known.gifter is not None and part.gifter is not None and known.gifter.casefold() != part.gifter.casefold():
        return 0
    ours, theirs = fact.marks, _sizes(part)
    if known.gifter is None or part.gifter is None:
        score = 1 if ours & theirs else 0
    else:
        score = 2 if ours & theirs or not ours or not theirs else 0
    return score if score and _is_further(fact, part) and _same_recipients(fact, part) else 0


def _is_further(fact: Fact[GiftedSubscriptions], part: GiftedSubscriptions) -> bool:
    """Whether the fact can take one more frame of this name: each comes once, but the ids of chunks may be many."""
    if _name(part) not in fact.names:
        return True
    if part.gifter is not None or _chunk_count(fact) <= 1:
        return False
    ids, total = {*fact.event.recipient_ids, *part.recipient_ids}, fact.event.gifted_total
    return total is None or len(ids) <= total


def _same_recipients(fact: Fact[GiftedSubscriptions], part: GiftedSubscriptions) -> bool:
    """Whether two lists of names can be of one gift; one of them may be cut short."""
    if _chunk_count(fact) > 1 or (part.total_chunks or 1) > 1:
        return True
    ours, theirs = ({name.casefold() for name in each.recipients} for each in (fact.event, part))
    return ours <= theirs or theirs <= ours


def _sizes(part: GiftedSubscriptions) -> set[int]:
    """The numbers by which frames of one gift know each other."""
    return {part.gifted_total or 0, len(part.recipients), len(part.recipient_ids)} - {0}


GIFT: Rule[Any] = Rule(
    kind="gift",
    key=lambda part: None,
    join=_join_gifts,
    complete=_gift_is_complete,
    news=("gifter", "recipients", "recipient_ids", "gifted_total"),
    fits=_gift_fits,
    marks=_sizes,
)


# Raids


def _join_raids(known: RaidReceived, part: RaidReceived) -> RaidReceived:
    return msgspec.structs.replace(
        known,
        text=_either(known.text, part.text),
        user_id=_either(known.user_id, part.user_id),
        id=_either(known.id, part.id),
        raided_at=_earliest(known.raided_at, part.raided_at),
    )


RAID: Rule[Any] = Rule(
    kind="raid",
    key=lambda part: (part.username.casefold(), part.viewers),
    join=_join_raids,
    complete=_all_of("StreamHostEvent", "StreamHostedEvent"),
    news=("text", "user_id"),
)


# Settings

_MODES = (
    "slow_mode", "followers_only", "subscribers_only", "emotes_only", "account_age", "links_allowed",
    "bot_protection", "rules",
)  # fmt: skip


def _join_settings(known: ChatSettingsChanged, part: ChatSettingsChanged) -> ChatSettingsChanged:
    """All that either tells; where they disagree, the later part is right."""
    return msgspec.structs.replace(
        known, **{mode: _either(getattr(part, mode), getattr(known, mode)) for mode in _MODES}
    )


SETTINGS: Rule[Any] = Rule(
    kind="settings",
    key=lambda part: None,
    join=_join_settings,
    complete=_all_of("ChatroomUpdatedEvent", "ChatSettingsChanged"),
    news=_MODES,
    changes=_MODES,
)

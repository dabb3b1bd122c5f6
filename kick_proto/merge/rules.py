"""How the frames of one fact find each other, and what they make: a ``Rule`` for each kind, no state but a ``Fact``'s.

Where a rule cannot know, it says so by not fitting: two events for one fact are a nuisance, one for two is a loss.
Source: Seen: wire catalogue sections 2, 4, 5, 7 and 8 (2023-2026).
"""

from collections.abc import Callable, Hashable, Sequence
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
from kick_proto.frames import Frame

__all__ = ["GIFT", "RAID", "SETTINGS", "SUBSCRIPTION", "Fact", "Rule"]

PartT = TypeVar("PartT", bound=JoinedEvent)
Subscription: TypeAlias = Subscribed | Resubscribed


class Fact(Generic[PartT]):
    """What is known of one fact: its parts in the order in which they came, and the event that they make.

    ``heard`` is all that came, and ``parts`` what of it is told: parts that came too late to be worth telling are known
    again, and not taken for another fact's. ``names`` are the wire's names of all that came, bare.
    """

    __slots__ = (
        "_event", "_frames", "deadline", "heard", "id", "is_complete", "is_pending", "key", "marks", "names", "number",
        "owner", "parts", "rule", "until",
    )  # fmt: skip

    def __init__(
        self, number: int, rule: "Rule[PartT]", key: Hashable, part: PartT, *, deadline: float, until: float
    ) -> None:
        self.number = number
        self.rule = rule
        self.key = key
        self.parts: list[PartT] = []
        self.heard: list[PartT] = []
        self.names: set[str] = set()
        self.marks: set[int] = set()
        self.id: str | None = None
        self.owner: str | None = None
        self._frames: set[Frame] = set()
        self._event: PartT | None = None
        self.deadline = deadline
        self.until = until
        self.is_pending = True
        self.add(part)

    @property
    def event(self) -> PartT:
        """What all that came makes together; worked out when it is asked for, not with each part."""
        if self._event is None:
            self._event = self.rule.join(self.heard)
        return self._event

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
        self.heard.append(part)
        self._frames.add(part.raw)
        self.names.add(_name(part))
        id, owner = self.rule.identity(part)
        self.id = id if self.id is None else self.id
        self.owner = owner if self.owner is None else self.owner
        self._event = None
        self.is_complete = self.rule.complete(self)

    def has(self, part: PartT) -> bool:
        """Whether this very frame came before."""
        return _name(part) in self.names and part.raw in self._frames


class Rule(msgspec.Struct, Generic[PartT], frozen=True, kw_only=True):
    """How the parts of one kind of fact find each other, and what they make."""

    kind: str
    key: Callable[[PartT], Hashable]
    """What all parts of a fact have in common, beside the channel."""
    join: Callable[[Sequence[PartT]], PartT]
    """What the parts make together: it has the time and the frame of the first."""
    complete: Callable[[Fact[PartT]], bool]
    """Whether there is nothing left to wait for."""
    news: tuple[str, ...]
    """The fields that a late part must add to for the fact to go out again, where it went out incomplete."""
    changes: tuple[str, ...] = ()
    """The same, where it went out complete."""
    fits: Callable[[Fact[PartT], PartT], int] = lambda fact, part: 1
    """How well a part fits a fact of the same key: the highest wins, 0 does not fit."""
    identity: Callable[[PartT], tuple[str | None, str | None]] = lambda part: (None, None)
    """The fact's id, and whose it is, where the key does not tell: parts that differ in what both say do not fit."""
    marks: Callable[[PartT], set[int]] = lambda part: set()
    """The numbers by which the parts of one fact know each other, where the key does not tell."""


def _name(part: JoinedEvent) -> str:
    return part.raw.event.rpartition("\\")[2]


def _first(parts: Sequence[JoinedEvent], field: str) -> Any:
    """What the first part says that says anything."""
    for part in parts:
        if (said := getattr(part, field)) is not None:
            return said
    return None


def _said(parts: Sequence[JoinedEvent], field: str) -> list[Any]:
    return [said for part in parts if (said := getattr(part, field)) is not None]


def _most(parts: Sequence[JoinedEvent], field: str) -> Any:
    return max(_said(parts, field), default=None)


def _earliest(parts: Sequence[JoinedEvent], field: str) -> Any:
    return min(_said(parts, field), default=None)


def _all_of(*names: str) -> Callable[[Fact[Any]], bool]:
    """Complete when frames of all these names are here."""
    wanted = frozenset(names)
    return lambda fact: wanted <= fact.names


# Subscriptions


def _join_subscriptions(parts: Sequence[Subscription]) -> Subscription:
    first, months = parts[0], _most(parts, "months")
    renewed = months >= 2 if months is not None else any(type(part) is Resubscribed for part in parts)
    return (Resubscribed if renewed else Subscribed)(
        first.received_at,
        first.raw,
        first.channel,
        first.username,
        months,
        _first(parts, "user_id"),
        _first(parts, "text"),
        _earliest(parts, "subscribed_at"),
    )


SUBSCRIPTION: Rule[Any] = Rule(
    kind="subscription",
    key=lambda part: part.username.casefold(),
    join=_join_subscriptions,
    complete=_all_of("SubscriptionEvent", "ChannelSubscriptionEvent", "ChatMessageSentEvent"),
    news=("months", "user_id", "text"),
)


# Gifts


def _join_gifts(parts: Sequence[GiftedSubscriptions]) -> GiftedSubscriptions:
    names: dict[str, str] = {}
    for part in parts:
        for name in part.recipients:
            names.setdefault(name.casefold(), name)
    return msgspec.structs.replace(
        parts[0],
        gifter=_first(parts, "gifter"),
        recipients=tuple(names[folded] for folded in sorted(names)),
        recipient_ids=tuple(sorted({id for part in parts for id in part.recipient_ids})),
        gifted_total=_most(parts, "gifted_total"),
        lifetime_total=_most(parts, "lifetime_total"),
        gifter_id=_first(parts, "gifter_id"),
        gift_id=_first(parts, "gift_id"),
        gifted_at=_earliest(parts, "gifted_at"),
        chunk_index=None,
        total_chunks=None,
    )


def _chunk_count(fact: Fact[GiftedSubscriptions]) -> int:
    """In how many chunks the gift comes; 1 where nothing is said of chunks."""
    return max(part.total_chunks or 1 for part in fact.parts)


_gift_frames_are_here = _all_of("GiftedSubscriptionsEvent", "ChannelSubscriptionEvent", "ChatMessageSentEvent")


def _gift_is_complete(fact: Fact[GiftedSubscriptions]) -> bool:
    """With its last chunk, for then all names are known; one that comes in one frame waits for the ids too."""
    if (count := _chunk_count(fact)) > 1:
        return len({part.chunk_index for part in fact.parts if part.chunk_index is not None}) >= count
    # In this order: what is known together is worked out only once all frames are here.
    return _gift_frames_are_here(fact) and fact.event.complete


def _gift_fits(fact: Fact[GiftedSubscriptions], part: GiftedSubscriptions) -> int:
    """By the gift's id where both have one; else by the gifter; where one tells no gifter, by the numbers alone."""
    id, gifter = _gift_identity(part)
    if fact.id is not None and id is not None:
        return 3 if fact.id == id else 0
    if fact.owner is not None and gifter is not None and fact.owner != gifter:
        return 0
    ours, theirs = fact.marks, _sizes(part)
    if fact.owner is None or gifter is None:
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
    if not part.recipients or _chunk_count(fact) > 1 or (part.total_chunks or 1) > 1:
        return True
    ours, theirs = ({name.casefold() for name in each.recipients} for each in (fact.event, part))
    return ours <= theirs or theirs <= ours


def _sizes(part: GiftedSubscriptions) -> set[int]:
    """The numbers by which frames of one gift know each other."""
    return {part.gifted_total or 0, len(part.recipients), len(part.recipient_ids)} - {0}


def _gift_identity(part: GiftedSubscriptions) -> tuple[str | None, str | None]:
    return part.gift_id, part.gifter.casefold() if part.gifter is not None else None


GIFT: Rule[Any] = Rule(
    kind="gift",
    key=lambda part: None,
    join=_join_gifts,
    complete=_gift_is_complete,
    news=("gifter", "recipients", "recipient_ids", "gifted_total"),
    fits=_gift_fits,
    identity=_gift_identity,
    marks=_sizes,
)


# Raids


def _join_raids(parts: Sequence[RaidReceived]) -> RaidReceived:
    return msgspec.structs.replace(
        parts[0],
        text=_first(parts, "text"),
        user_id=_first(parts, "user_id"),
        id=_first(parts, "id"),
        raided_at=_earliest(parts, "raided_at"),
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


def _join_settings(parts: Sequence[ChatSettingsChanged]) -> ChatSettingsChanged:
    """All that any tells; where they disagree, the last one is right."""
    latest = parts[::-1]
    return msgspec.structs.replace(parts[0], **{mode: _first(latest, mode) for mode in _MODES})


SETTINGS: Rule[Any] = Rule(
    kind="settings",
    key=lambda part: None,
    join=_join_settings,
    complete=_all_of("ChatroomUpdatedEvent", "ChatSettingsChanged"),
    news=_MODES,
    changes=_MODES,
)

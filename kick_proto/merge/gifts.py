"""How the frames of one gift of subscriptions find each other, and what they make.

Its frames have little in common: chunks have the gift's id, some tell the gifter, some only the ids or the names of who
was given something, and an anonymous gift has numbers alone. Source: Seen: wire catalogue section 4 (2023-2026).
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from kick_proto.events import GiftedSubscriptions
from kick_proto.merge.facts import Clue, Fact, Rule, all_of, name_of
from kick_proto.merge.saying import earliest, first, most

__all__ = ["GIFT"]


def _join_gifts(parts: Sequence[GiftedSubscriptions]) -> GiftedSubscriptions:
    names: dict[str, str] = {}
    for part in reversed(parts):
        # Backwards, so that of two spellings the first one stays.
        names |= {name.casefold(): name for name in reversed(part.recipients)}
    return msgspec.structs.replace(
        parts[0],
        gifter=first(parts, "gifter"),
        recipients=tuple([names[folded] for folded in sorted(names)]),
        recipient_ids=tuple(sorted(set().union(*[part.recipient_ids for part in parts]))),
        gifted_total=most(parts, "gifted_total"),
        lifetime_total=most(parts, "lifetime_total"),
        gifter_id=first(parts, "gifter_id"),
        gift_id=first(parts, "gift_id"),
        gifted_at=earliest(parts, "gifted_at"),
        chunk_index=None,
        total_chunks=None,
    )


_frames_are_here = all_of("GiftedSubscriptionsEvent", "ChannelSubscriptionEvent", "ChatMessageSentEvent")


def _is_complete(fact: Fact[GiftedSubscriptions]) -> bool:
    """With its last chunk, for then all names are known; one that comes in one frame waits for the ids too."""
    if fact.chunk_count > 1:
        return len({part.chunk_index for part in fact.parts if part.chunk_index is not None}) >= fact.chunk_count
    # In this order: what is known together is worked out only once all frames are here.
    return _frames_are_here(fact) and fact.event.complete


def _fits(fact: Fact[GiftedSubscriptions], part: GiftedSubscriptions, clue: Clue) -> int:
    """By the gift's id where both have one; else by the gifter; where one tells no gifter, by the numbers alone."""
    if fact.id is not None and clue.id is not None:
        return 3
    ours, theirs = fact.numbers, clue.numbers
    agree = not ours.isdisjoint(theirs)
    if fact.owner is None or clue.owner is None:
        score = 1 if agree else 0
    else:
        score = 2 if agree or not ours or not theirs else 0
    return score if score and _is_further(fact, part, clue) and _same_people(fact, part) else 0


def _is_further(fact: Fact[GiftedSubscriptions], part: GiftedSubscriptions, clue: Clue) -> bool:
    """Whether the fact can take one more frame of this name: each comes once, but the ids of chunks may be many."""
    if clue.name not in fact.names:
        return True
    if clue.owner is not None or fact.chunk_count <= 1:
        return False
    ids, total = {*fact.event.recipient_ids, *part.recipient_ids}, fact.event.gifted_total
    return total is None or len(ids) <= total


def _same_people(fact: Fact[GiftedSubscriptions], part: GiftedSubscriptions) -> bool:
    """Whether two lists of names can be of one gift; one of them may be cut short."""
    if not part.recipients or fact.chunk_count > 1 or (part.total_chunks or 1) > 1:
        return True
    ours = {name.casefold() for each in fact.heard for name in each.recipients}
    theirs = set(map(str.casefold, part.recipients))
    return ours <= theirs or theirs <= ours


def _clue(part: GiftedSubscriptions) -> Clue:
    return Clue(
        name_of(part),
        part.gift_id,
        part.gifter.casefold() if part.gifter is not None else None,
        frozenset((part.gifted_total or 0, len(part.recipients), len(part.recipient_ids))) - {0},
        part.total_chunks or 1,
    )


GIFT: Rule[Any] = Rule(
    kind="gift",
    key=lambda part: None,
    join=_join_gifts,
    complete=_is_complete,
    news=("gifter", "recipients", "recipient_ids", "gifted_total"),
    clue=_clue,
    fits=_fits,
)

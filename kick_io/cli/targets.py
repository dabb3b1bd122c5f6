"""What the arguments of ``kick watch`` mean: which channels, on which servers, which events. Nobody is asked."""

import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

import msgspec

from kick_io.platform.naming import given
from kick_proto import clusters, events, lifecycle, provider
from kick_proto.errors import LocalProtocolError
from kick_proto.ids import Channel
from kick_proto.pusher import KICK_APP_KEY, App
from kick_proto.slugs import Slug, parse_slug

__all__ = ["GROUPS", "Wanted", "app", "channels", "demand", "named", "shard", "wanted"]

MOST_SHARDS = 1_000
_SHARD = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")

Wanted: TypeAlias = frozenset[type] | None
"""The types of events that are to be shown; None for all, those of later versions included."""

GROUPS: Mapping[str, frozenset[type] | None] = {
    "chat": frozenset({events.ChatMessage}),
    "deletions": frozenset({events.MessageDeleted, events.ChatCleared}),
    "pins": frozenset({events.MessagePinned, events.MessageUnpinned}),
    "bans": frozenset({events.UserBanned, events.UserUnbanned}),
    "subs": frozenset({events.Subscribed, events.Resubscribed, events.GiftedSubscriptions}),
    "support": frozenset(
        {
            events.Tipped,
            events.RewardRedeemed,
            events.PointsChanged,
            events.GoalChanged,
            events.LeaderboardChanged,
            events.SubscriberCountChanged,
        }
    ),
    "polls": frozenset({events.PollChanged, events.PollDeleted, events.PredictionChanged}),
    "settings": frozenset({events.ChatSettingsChanged, events.BannedWordsChanged}),
    "stream": frozenset({events.StreamOnline, events.StreamOffline, events.StreamUpdated}),
    "raids": frozenset({events.RaidReceived, events.RaidSent}),
    "followers": frozenset({events.FollowersChanged}),
    "unknown": frozenset({events.Unknown, events.Undecodable}),
    "connection": frozenset(
        {
            lifecycle.Up,
            lifecycle.Down,
            lifecycle.GaveUp,
            lifecycle.Lagging,
            provider.Confirmed,
            provider.Refused,
            provider.ErrorReceived,
        }
    ),
    "all": None,
}
"""What ``--only`` knows."""


def channels(targets: Iterable[str]) -> tuple[Channel, ...]:
    """The channels that ``CHANNEL:CHATROOM`` ids name, each once.

    Raises:
        LocalProtocolError: a target is no such pair; the message says what to give instead.
    """
    found = dict.fromkeys(map(named, targets))
    if slugs := [each for each in found if isinstance(each, str)]:
        raise LocalProtocolError(f"{slugs[0]!r} is a name: give channel:chatroom ids here, like 668:668")
    return tuple(each for each in found if isinstance(each, Channel))


def named(target: str) -> Channel | Slug:
    """What a target names: a channel by its numbers, or a name that has to be looked up.

    Raises:
        LocalProtocolError: it is neither; the message says what to give instead.
    """
    if (channel := given(target)) is not None:
        return channel
    if set(target) <= set("0123456789:"):
        raise LocalProtocolError(f"{target!r} is no pair of ids: give channel:chatroom ids, like 668:668, or a name")
    return parse_slug(target)


def app(endpoint: str | None = None, names: Iterable[str] = (), key: str | None = None) -> App:
    """The app to connect to: at the endpoint, then in the clusters of those names; Kick's own where none is named.

    Raises:
        LocalProtocolError: one of them cannot be.
    """
    try:
        places = [clusters.endpoint_at(endpoint)] if endpoint is not None else []
        places += map(clusters.cluster, names)
        return App(
            key=KICK_APP_KEY if key is None else key,
            endpoints=tuple(places) or tuple(map(clusters.cluster, clusters.KICK_CLUSTERS)),
        )
    except ValueError as error:
        raise LocalProtocolError(str(error)) from None


def shard(text: str | None) -> tuple[int, int]:
    """Which shard ``I/N`` is, counted from 0, and of how many; the only one where none is given.

    Raises:
        LocalProtocolError: there is no such shard.
    """
    if text is None:
        return 0, 1
    found = _SHARD.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]) <= MOST_SHARDS:
        raise LocalProtocolError(f"a shard is I/N, from 1/N to N/N with N up to {MOST_SHARDS:,}, not {text!r}")
    return int(found[1]) - 1, int(found[2])


def wanted(only: Iterable[str]) -> Wanted:
    """The types that ``--only`` asks for: groups, comma-separated, as often as one likes; all of them by default.

    Raises:
        LocalProtocolError: there is no such group; the message names those that there are.
    """
    types: set[type] = set()
    names = [name.strip() for each in only for name in each.split(",")]
    for name in names:
        if name not in GROUPS:
            raise LocalProtocolError(f"there is no group {name!r}; there are {', '.join(GROUPS)}")
        group = GROUPS[name]
        if group is None:
            return None
        types |= group
    return frozenset(types) if names else None


def demand(types: Wanted) -> tuple[type[msgspec.Struct], ...] | None:
    """What ``Config.events`` is to be, so that only the topics that carry these types are subscribed.

    What the connection tells comes with any topic: who wants that alone gets the connection of all topics.
    """
    carried = tuple(sorted((each for each in types or () if issubclass(each, events.Arrival)), key=str))
    return carried or None

"""Subscriptions and gifts: one fact, several frames, in each era's own names and topics.

Kick gives no order of the frames of one fact, so they are shuffled; only the chunks of one gift keep theirs.

Source: Seen: wire catalogue sections 4 and 8 (2023-2026).
"""

from collections.abc import Sequence

import msgspec

from kick_proto.frames import Frame
from kick_proto.ids import TopicKind
from kick_proto.testing.traffic import chance, channels, notices, people, stamps, wording, writers
from kick_proto.testing.traffic.notices import Notice
from kick_proto.testing.traffic.people import Person
from kick_proto.testing.traffic.stage import Renewal, Stage

__all__ = [
    "gift_2023",
    "gift_2024",
    "gift_2025",
    "gift_anonymous",
    "gift_of_many",
    "gift_of_one",
    "gift_of_some",
    "resubscription",
    "resubscription_without_text",
    "subscription",
    "subscription_2025",
]

CHUNK = 25
"""Recipients in one frame of a large gift. Guess: no frame with ``chunk_details`` is public."""


def subscription(stage: Stage, unix_now: float) -> list[Frame]:
    """Somebody subscribes for the first time; where all have subscribed before, somebody new."""
    first = next((each for each in stage.viewers(20) if people.months_of(each) == 0), None)
    person = first or stage.welcome(people.stranger(stage.rng))
    stage.subscriber_count += 1
    return _subscription(stage, unix_now, person, 1, None)


def resubscription(stage: Stage, unix_now: float) -> list[Frame]:
    """Somebody renews, and types a line that only the notice carries."""
    return _resubscription(stage, unix_now, chance.pick(stage.rng, wording.CELEBRATIONS))


def resubscription_without_text(stage: Stage, unix_now: float) -> list[Frame]:
    """Somebody renews, and has nothing to say."""
    return _resubscription(stage, unix_now, None)


def subscription_2025(stage: Stage, unix_now: float) -> list[Frame]:
    """Somebody subscribes, as it was told in 2025: three frames, none of them on a topic of 2026."""
    person = stage.viewer()
    months = people.months_of(person) + 1
    stage.promote(person, "subscriber", months)
    stage.subscriber_count += 1
    frames = [
        _subscribed(stage, person, months),
        _channel_subscription(stage, TopicKind.CHANNEL, [person], person.username),
        notices.of_2025(stage, unix_now, Notice(person, "subscribe", months)),
    ]
    return chance.shuffled(stage.rng, frames)


def gift_of_one(stage: Stage, unix_now: float) -> list[Frame]:
    """One subscription is given."""
    return _gift_of_2026(stage, unix_now, _gift(stage, 1))


def gift_of_some(stage: Stage, unix_now: float) -> list[Frame]:
    """Some subscriptions are given, few enough for one frame."""
    return _gift_of_2026(stage, unix_now, _gift(stage, chance.pick(stage.rng, (5, 10, 20))))


def gift_of_many(stage: Stage, unix_now: float) -> list[Frame]:
    """So many subscriptions are given that the frame comes in chunks."""
    return _gift_of_2026(stage, unix_now, _gift(stage, chance.pick(stage.rng, (50, 70, 100))))


def gift_anonymous(stage: Stage, unix_now: float) -> list[Frame]:
    """Some subscriptions are given by nobody: no notice, no leaderboard. Guess: of the siblings; none was recorded."""
    recipients = stage.viewers(chance.whole(stage.rng, 1, 5))
    _receive(stage, recipients)
    frames = _gifted(stage, recipients, gifter_username="Anonymous", gifter_total=0)
    siblings = [
        _channel_subscription(stage, TopicKind.CHANNEL_NEW, recipients, ""),
        _activity(stage, unix_now, "gift", "Anonymous", {"quantity": len(recipients)}),
    ]
    return chance.shuffled(stage.rng, [*frames, *siblings])


def gift_2025(stage: Stage, unix_now: float) -> list[Frame]:
    """Subscriptions are given, as it was told in 2025: bare names, and the lucky ones named twice."""
    gift = _gift(stage, chance.pick(stage.rng, (1, 5, 20)))
    payload = _names(stage, gift) | {"gifter_total": gift.total}
    frames = [
        writers.service(stage.topics[TopicKind.CHATROOM_NEW], "GiftedSubscriptionsEvent", payload),
        _lucky(stage, unix_now, gift, {"is_affiliate": True}),
        _channel_subscription(stage, TopicKind.CHANNEL, gift.recipients, ""),
        _leaderboard(stage, gift),
        notices.of_2025(stage, unix_now, Notice(gift.gifter, "gift", recipients=gift.recipients)),
    ]
    return chance.shuffled(stage.rng, frames)


def gift_2024(stage: Stage, unix_now: float) -> list[Frame]:
    """Subscriptions are given, as it was told in late 2024: prefixed, with the gifter's total."""
    gift = _gift(stage, chance.whole(stage.rng, 1, 10))
    return _gift_by_laravel(stage, unix_now, gift, {"gifter_total": gift.total}, {"gifter_username": gift.name})


def gift_2023(stage: Stage, unix_now: float) -> list[Frame]:
    """Subscriptions are given, as it was told from 2023 to early 2024: prefixed, no totals."""
    return _gift_by_laravel(stage, unix_now, _gift(stage, chance.whole(stage.rng, 1, 10)), {}, {})


class Gift(msgspec.Struct, frozen=True):
    """Who gave to whom; ``total`` is all that the gifter ever gave here."""

    gifter: Person
    recipients: list[Person]
    total: int

    @property
    def name(self) -> str:
        """The gifter's name."""
        return self.gifter.username


def _resubscription(stage: Stage, unix_now: float, text: str | None) -> list[Frame]:
    person = stage.viewer()
    months = max(2, people.months_of(person) + 1)
    stage.renewals.append(Renewal(person.id, months, stamps.micros(unix_now)))
    return _subscription(stage, unix_now, person, months, text)


def _subscription(stage: Stage, unix_now: float, person: Person, months: int, text: str | None) -> list[Frame]:
    stage.promote(person, "subscriber", months)
    topic = stage.topics[TopicKind.CHANNEL_NEW]
    count = {
        "channel_id": stage.channel.channel_id,
        "last_subscriber": person.username,
        "count": stage.subscriber_count,
    }
    frames = [
        _subscribed(stage, person, months),
        _channel_subscription(stage, TopicKind.CHANNEL_NEW, [person], person.username),
        writers.moved_service(topic, "NewSubscriberUpdatedEvent", count),
        _activity(stage, unix_now, "new_subscriber", person.username, {}),
        notices.of_2026(stage, unix_now, Notice(person, "subscribe", months, text)),
    ]
    return chance.shuffled(stage.rng, frames)


def _subscribed(stage: Stage, person: Person, months: int) -> Frame:
    payload = {"chatroom_id": stage.channel.chatroom_id, "username": person.username, "months": months}
    return writers.laravel(stage.topics[TopicKind.CHATROOM_V2], "SubscriptionEvent", payload)


def _channel_subscription(stage: Stage, kind: TopicKind, subscribers: Sequence[Person], username: str) -> Frame:
    payload = {
        "user_ids": [person.id for person in subscribers],
        "username": username,
        "channel_id": stage.channel.channel_id,
    }
    return writers.moved_service(stage.topics[kind], "ChannelSubscriptionEvent", payload)


def _activity(stage: Stage, unix_now: float, type: str, username: str, metadata: dict[str, int]) -> Frame:
    payload = {
        "channel_id": stage.channel.channel_id,
        "type": type,
        "username": username,
        "metadata": metadata,
        "created_at": int(unix_now * 1000),
    }
    return writers.moved_service(stage.topics[TopicKind.CHANNEL_NEW], "NewActivityFeedEvent", payload)


def _gift(stage: Stage, count: int) -> Gift:
    """Somebody gives to others, and rises on the boards."""
    gifter, *recipients = stage.viewers(count + 1)
    total = stage.give(gifter, count)
    _receive(stage, recipients)
    return Gift(gifter, recipients, total)


def _receive(stage: Stage, recipients: Sequence[Person]) -> None:
    stage.subscriber_count += len(recipients)
    for person in recipients:
        stage.promote(person, "subscriber", people.months_of(person) + 1)


def _gift_of_2026(stage: Stage, unix_now: float, gift: Gift) -> list[Frame]:
    siblings = [
        _channel_subscription(stage, TopicKind.CHANNEL_NEW, gift.recipients, ""),
        _leaderboard(stage, gift),
        _activity(stage, unix_now, "gift", gift.name, {"quantity": len(gift.recipients)}),
        notices.of_2026(stage, unix_now, Notice(gift.gifter, "gift", recipients=gift.recipients)),
    ]
    return [*_gifted(stage, gift.recipients, gift.name, gift.total), *chance.shuffled(stage.rng, siblings)]


def _gifted(stage: Stage, recipients: Sequence[Person], gifter_username: str, gifter_total: int) -> list[Frame]:
    """One frame, or one for each chunk; Guess: of ``chunk_index``, that it counts from 0."""
    names = [person.username for person in recipients]
    chunks = [names[start : start + CHUNK] for start in range(0, len(names), CHUNK)]
    correlation_id = _correlation_id(stage)
    details = {"correlation_id": correlation_id, "chunk_index": 0, "total_chunks": len(chunks)}
    payloads = [
        {
            "chatroom_id": stage.channel.chatroom_id,
            "correlation_id": correlation_id,
            "gifted_usernames": chunk,
            "gifter_username": gifter_username,
            "gifted_total": len(names),
            "gifter_total": gifter_total,
            "chunk_details": details | {"chunk_index": index} if len(chunks) > 1 else None,
        }
        for index, chunk in enumerate(chunks)
    ]
    topic = stage.topics[TopicKind.CHATROOM_NEW]
    return [writers.service(topic, "GiftedSubscriptionsEvent", payload) for payload in payloads]


def _correlation_id(stage: Stage) -> str:
    """One of three forms: a number, a payment's, something like base64."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    style = chance.whole(stage.rng, 0, 2)
    if style == 0:
        return f"7{chance.token(stage.rng, '0123456789', 14)}"
    if style == 1:
        return f"pi_3{chance.token(stage.rng, alphabet, 23)}"
    return f"{chance.token(stage.rng, alphabet + '+/', 22)}=="


def _gift_by_laravel(
    stage: Stage, unix_now: float, gift: Gift, total: dict[str, int], username: dict[str, str]
) -> list[Frame]:
    topic = stage.topics[TopicKind.CHANNEL]
    board = {"channel": channels.with_chatroom(stage, unix_now, {})} | _boards(stage, gift, username)
    frames = [
        writers.laravel(stage.topics[TopicKind.CHATROOM_V2], "GiftedSubscriptionsEvent", _names(stage, gift) | total),
        _lucky(stage, unix_now, gift, {}),
        _channel_subscription(stage, TopicKind.CHANNEL, gift.recipients, ""),
        writers.laravel(topic, "GiftsLeaderboardUpdated", board),
    ]
    return chance.shuffled(stage.rng, frames)


def _names(stage: Stage, gift: Gift) -> dict[str, object]:
    return {
        "chatroom_id": stage.channel.chatroom_id,
        "gifted_usernames": [person.username for person in gift.recipients],
        "gifter_username": gift.name,
    }


def _lucky(stage: Stage, unix_now: float, gift: Gift, affiliate: dict[str, bool]) -> Frame:
    payload = {
        "channel": channels.with_chatroom(stage, unix_now, affiliate),
        # The same people as in the gift, in another order.
        "usernames": [person.username for person in chance.shuffled(stage.rng, gift.recipients)],
        "gifter_username": gift.name,
    }
    return writers.laravel(stage.topics[TopicKind.CHANNEL], "LuckyUsersWhoGotGiftSubscriptionsEvent", payload)


def _leaderboard(stage: Stage, gift: Gift) -> Frame:
    payload = _boards(stage, gift, {"gifter_username": gift.name})
    return writers.service(stage.topics[TopicKind.CHANNEL_NEW], "GiftsLeaderboardUpdated", payload)


def _boards(stage: Stage, gift: Gift, username: dict[str, str]) -> dict[str, object]:
    return {
        "leaderboard": stage.gifts.lifetime.rows(),
        "weekly_leaderboard": stage.gifts.week.rows(),
        "monthly_leaderboard": stage.gifts.month.rows(),
        "gifter_id": gift.gifter.id,
        **username,
        "gifted_quantity": len(gift.recipients),
    }

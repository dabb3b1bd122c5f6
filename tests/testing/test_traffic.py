"""The traffic has the catalogue's shapes, tells stories that hold together, and is the same for the same chance."""

import copy
import json
import random
import re
from collections import Counter
from datetime import UTC, datetime

import pytest

from kick_proto import events
from kick_proto.decoders import Decoders
from kick_proto.errors import LocalProtocolError
from kick_proto.frames import Frame, encode_frame, parse_frame
from kick_proto.ids import Channel, ChannelId, ChatroomId, TopicKind, parse_topic, topic_of, topics_of
from kick_proto.testing.traffic import PRIVATE_SCENES, SCENES, Traffic
from kick_proto.testing.traffic.chat import CHATTER
from kick_proto.testing.traffic.deck import Deck
from kick_proto.testing.traffic.stage import CROWD, MESSAGES, Stage
from tests.testing.shows import ALL_SCENES, CHANNEL, NOW, PREFIX, SPOKEN, flat, payloads, played, run, traffic
from tests.testing.traffic_shapes import CHATTER_SHAPES, ITEMS, SHAPES, leaves, lists

# The shapes of the wire.


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_tells_its_events_on_their_topics_in_the_shape_of_the_catalogue(name: str) -> None:
    frames = played(SCENES[name])[-1]
    for event, kind, shape in SHAPES[name]:
        told = [frame for frame in frames if frame.event == event][-1]
        assert told.channel == topic_of(kind, CHANNEL)
        assert " ".join(leaves(json.loads(told.data))) == shape


def test_the_table_of_shapes_has_every_scene() -> None:
    assert list(SHAPES) == list(SCENES)
    assert set(CHATTER_SHAPES) == set(SPOKEN)


@pytest.mark.parametrize("name", SPOKEN)
def test_chatter_of_each_kind_has_its_shape(name: str) -> None:
    for frames in played(SPOKEN[name]):
        (frame,) = frames
        assert frame.event == f"{PREFIX}ChatMessageEvent"
        assert frame.channel == topic_of(TopicKind.CHATROOM_V2, CHANNEL)
        assert " ".join(leaves(json.loads(frame.data))) == CHATTER_SHAPES[name]


@pytest.mark.parametrize("name", ALL_SCENES)
def test_a_scene_decodes_and_its_data_is_json(name: str) -> None:
    decoders = Decoders()
    for frame in flat(played(ALL_SCENES[name])):
        assert isinstance(json.loads(frame.data), dict | list)
        assert not isinstance(decoders.decode(frame, datetime.now(UTC), CHANNEL), events.Undecodable)
        assert parse_frame(encode_frame(frame)) == frame


def test_the_items_of_lists_have_their_shapes() -> None:
    seen: dict[str, set[str]] = {name: set() for name in ITEMS}
    for frame in flat(run(8_000, rare=0.3)):
        for key, items in lists(json.loads(frame.data)):
            if key in seen:
                seen[key].update(" ".join(leaves(item)) for item in items)
    assert seen == {name: set(shapes) for name, shapes in ITEMS.items()}


def test_a_public_frame_comes_on_a_topic_of_the_channel_and_a_private_one_on_none_of_them() -> None:
    for scene in SCENES.values():
        assert {frame.channel for frame in flat(played(scene))} <= set(topics_of(CHANNEL))
    for scene in PRIVATE_SCENES.values():
        told = [frames[-1].channel for frames in played(scene)]
        assert [topic for topic in told if not topic.startswith("private-") or parse_topic(topic)] == []


CHATROOM_EVENTS = (
    *("AllowLinksActivated", "AllowLinksDeactivated", "BannedUserAdded", "BannedUserDeleted", "BannedWordAdded"),
    *("BannedWordDeleted", "EmotesModeActivated", "EmotesModeDeactivated", "FollowersModeActivated"),
    *("FollowersModeDeactivated", "MessageDeleted", "MessagePinned", "MessageUnpinned", "PollCreated", "PollDeleted"),
    *("SlowModeActivated", "SlowModeDeactivated", "SubscribersModeActivated", "SubscribersModeDeactivated"),
    "UserTimeouted",
)
CHANNEL_EVENTS = (
    *("FollowerAdded", "FollowerDeleted", "RedeemedReward"),
    *("SubscriptionCreated", "SubscriptionGifted", "SubscriptionRenewed"),
)
LIVESTREAM_EVENTS = (
    *("CategoryChanged", "HostReceived", "TitleChanged", "MatureModeActivated", "MatureModeDeactivated"),
)
PRIVATE_TOPICS = {
    **dict.fromkeys(CHATROOM_EVENTS, f"private-chatroom_{CHANNEL.chatroom_id}"),
    **dict.fromkeys(CHANNEL_EVENTS, f"private-channel_{CHANNEL.channel_id}"),
    **dict.fromkeys(LIVESTREAM_EVENTS, "private-livestream_{stream}"),
    "PointsUpdated": "private-channelpoints-{user}",
    f"{PREFIX}FollowersUpdatedForChannelOwner": f"private-channel.{CHANNEL.channel_id}",
    f"{PREFIX}NewActivityFeedEvent": f"private-channel.{CHANNEL.channel_id}",
    f"{PREFIX}NewSubscriberUpdatedEvent": f"private-channel.{CHANNEL.channel_id}",
    f"{PREFIX}LivestreamUpdated": "private-livestream.{stream}",
    f"{PREFIX}LiveStream\\UpdatedLiveStreamEvent": "private-livestream-updated.{stream}",
}


def test_a_private_event_comes_by_its_name_on_the_topic_of_its_family() -> None:
    told: dict[str, str] = {}
    stage = Stage(CHANNEL, random.Random(7))
    for scene in PRIVATE_SCENES.values():
        (frame,) = scene(stage, NOW)
        assert stage.stream is not None
        ids = {"stream": stage.stream.id, "user": json.loads(frame.data).get("user_id")}
        told[frame.event] = frame.channel
        assert frame.channel == PRIVATE_TOPICS[frame.event].format(**ids)
    assert set(told) == set(PRIVATE_TOPICS)


@pytest.mark.parametrize(
    "name",
    ["title_changed", "livestream_updated_2024", "livestream_updated_flat_2024", "outgoing_host", "stream_stops"],
)
def test_what_is_told_of_a_broadcast_follows_its_start_where_none_runs(name: str) -> None:
    stage = Stage(CHANNEL, random.Random(7))
    SCENES["stream_stops"](stage, NOW)
    started, *frames = ALL_SCENES[name](stage, NOW + 9)
    (payload,) = payloads([started], "StreamerIsLive")
    assert payload["livestream"]["created_at"] == "2026-09-21T14:13:29.000000Z"
    assert str(payload["livestream"]["id"]) in frames[0].channel + frames[0].data


def test_most_chat_has_the_size_of_real_frames() -> None:
    sizes = sorted(len(encode_frame(frame)) for frame in flat(run(5_000, rare=0.0)))
    assert 600 < sizes[len(sizes) // 2] < 900
    assert sum(600 <= size <= 900 for size in sizes) > len(sizes) / 2
    assert sizes[0] > 400
    assert sizes[-1] < 2_000


def writer_of(frame: Frame) -> str:
    """Who wrote a frame, by its event, its topic and its shape."""
    if not frame.event.startswith(PREFIX):
        return "go"
    if frame.event == f"{PREFIX}ChatMessageEvent":
        return "chat" if "badges_v2" in frame.data else "laravel"
    new = (topic_of(TopicKind.CHATROOM_NEW, CHANNEL), topic_of(TopicKind.CHANNEL_NEW, CHANNEL))
    return "go" if frame.channel in new else "laravel"


def test_each_writer_escapes_as_it_does_on_the_wire() -> None:
    texts: dict[str, list[str]] = {"chat": [], "go": [], "laravel": []}
    for frame in flat(run(6_000, rare=0.3)):
        if "ChannelSubscriptionEvent" not in frame.event:
            texts[writer_of(frame)].append(frame.data)
    chat, go, laravel = ("\n".join(texts[name]) for name in ("chat", "go", "laravel"))
    assert laravel.isascii()
    assert re.search(r"\\ud83[c-e]\\u", laravel)
    assert not re.search(r"(?<!\\)/", laravel + chat)
    assert not re.search(r"\\u[0-9a-f]{4}|\\/", go)
    assert not re.search(r"\\u[0-9a-f]{4}", chat)
    assert not chat.isascii()
    assert not go.isascii()
    assert "/" in go


SECONDS = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
STAMPS = [
    pytest.param("timeout", "UserBannedEvent", "expires_at", SECONDS + r"\+00:00", id="an offset"),
    pytest.param("stream_starts", "StreamerIsLive", "livestream.created_at", SECONDS + r"\.000000Z", id="a row's"),
    pytest.param("incoming_host", "StreamHostedEvent", "message.createdAt", SECONDS + r"\.123456Z", id="six digits"),
    pytest.param("kicks", "KicksGifted", "created_at", SECONDS + r"\.123456\d{0,3}Z", id="up to nine digits"),
    pytest.param("settings_changed", "ChatSettingsChanged", "created_at", SECONDS + "Z", id="no digits"),
    pytest.param(
        "outgoing_host",
        "ChatMoveToSupportedChannelEvent",
        "channel.current_livestream.created_at",
        SECONDS.replace("T", " "),
        id="a space and no zone",
    ),
    pytest.param("follow_2023", "FollowersUpdated", "created_at", "17900000[0-9]{2}", id="seconds"),
    pytest.param("subscription", "NewActivityFeedEvent", "created_at", "17900000[0-9]{2}123", id="milliseconds"),
]


@pytest.mark.parametrize(("scene", "event", "path", "form"), STAMPS)
def test_a_moment_is_written_as_its_event_writes_it(scene: str, event: str, path: str, form: str) -> None:
    for payload in payloads(flat(played(SCENES[scene])), event):
        value = payload
        for key in path.split("."):
            value = value[key]
        assert re.fullmatch(form, str(value))


def test_go_cuts_the_zeros_at_the_end_of_a_fraction() -> None:
    show = traffic()
    digits = set()
    for number in range(400):
        (payload,) = payloads(show.play("goal_progress", 1_790_000_000 + number / 8)[-1:], "GoalProgressUpdateEvent")
        digits.add(len(payload["updated_at"].partition(".")[2].rstrip("Z")))
    assert {0, 1, 2, 3, 9} <= digits


# Chance.


def test_the_same_chance_and_the_same_times_give_the_same_frames() -> None:
    assert run(2_000, rare=0.3) == run(2_000, rare=0.3)
    assert run(50, seed=1) != run(50, seed=2)


def test_a_deep_copy_goes_on_alike() -> None:
    show = traffic(rare=0.5)
    for number in range(300):
        show.act(NOW + number)
    twin = copy.deepcopy(show)
    assert [show.act(NOW + 300 + n) for n in range(300)] == [twin.act(NOW + 300 + n) for n in range(300)]


class Stuck:
    """A source of chance that always draws the same."""

    def __init__(self, drawn: float) -> None:
        self._drawn = drawn

    def random(self) -> float:
        return self._drawn


@pytest.mark.parametrize("drawn", [0.0, 0.03, 0.3, 0.5, 0.9, 1 - 2**-53])
def test_no_scene_waits_for_a_certain_draw(drawn: float) -> None:
    stage = Stage(CHANNEL, Stuck(drawn))
    decoders = Decoders()
    for scene in (*SPOKEN.values(), *ALL_SCENES.values()):
        frames = [*scene(stage, NOW), *scene(stage, NOW)]
        assert frames
        assert not any(
            isinstance(decoders.decode(frame, datetime.now(UTC), CHANNEL), events.Undecodable) for frame in frames
        )


def test_a_deck_gives_every_card_once_and_then_anew_in_another_order() -> None:
    deck = Deck(range(40), random.Random(7))
    first, second = [deck.draw() for _ in range(40)], [deck.draw() for _ in range(40)]
    assert sorted(first) == sorted(second) == list(range(40))
    assert first != second


@pytest.mark.parametrize("seed", range(5))
def test_one_deck_of_rare_acts_tells_every_event_of_the_table(seed: int) -> None:
    told = {(frame.event, frame.channel) for frame in flat(run(len(SCENES), seed=seed, rare=1.0))}
    expected = {(event, topic_of(kind, CHANNEL)) for shapes in SHAPES.values() for event, kind, _ in shapes}
    assert expected <= told


def test_the_share_of_rare_acts_is_what_was_asked_for() -> None:
    chat = f"{PREFIX}ChatMessageEvent"
    assert {frame.event for frame in flat(run(2_000, rare=0.0))} == {chat}
    rare = sum(any(frame.event != chat for frame in act) for act in run(10_000))
    assert 600 < rare < 1_000


def test_every_act_tells_something() -> None:
    assert all(run(3_000, rare=0.5))


def test_the_kinds_of_chatter_share_the_whole() -> None:
    assert sum(share for share, _ in CHATTER) == pytest.approx(1.0)
    kinds = Counter(payload["type"] for payload in payloads(flat(run(5_000, rare=0.0)), "ChatMessageEvent"))
    assert set(kinds) == {"message", "reply", "celebration"}
    assert kinds["message"] > kinds["reply"] > kinds["celebration"]


def test_the_chat_has_all_that_troubles_a_reader() -> None:
    contents = [payload["content"] for payload in payloads(flat(run(5_000, rare=0.0)), "ChatMessageEvent")]
    for pattern in (
        *(r"\[emote:\d+:[^\]]+\]\[emote:", r"\][^\s\[]", r"\s\[emote:", r"^@\w+ ", "https://", r"\*{4}"),
        *("[\u0600-\u06ff]", "[\u3040-\u30ff]", "[ığş]", "[\U0001f300-\U0001faff]", "\u200d", '"', r"\\", "<", "&"),
    ):
        assert any(re.search(pattern, content) for content in contents), pattern


def test_the_stage_stays_small() -> None:
    stage = Stage(CHANNEL, random.Random(7))
    deck = Deck([*SCENES.values(), *SPOKEN.values()], stage.rng)
    for number in range(5_000):
        deck.draw()(stage, NOW + number)
        assert len(stage.crowd) == CROWD
        assert len(stage.messages) <= MESSAGES
    assert max(len(kept) for kept in (stage.banned, stage.timed_out, stage.renewals)) <= 50
    assert len(stage.gifts.lifetime.rows()) == 10


def test_the_stage_stays_small_where_people_are_sent_away() -> None:
    stage = Stage(CHANNEL, random.Random(7))
    for number in range(80):
        SCENES["ban"](stage, NOW + number)
        SCENES["timeout"](stage, NOW + number)
    for number in range(150):
        SPOKEN["plain"](stage, NOW + number)
        SCENES["resubscription"](stage, NOW + number)
    assert (len(stage.banned), len(stage.timed_out), len(stage.renewals), len(stage.messages)) == (50, 50, 20, MESSAGES)
    assert len(stage.crowd) == CROWD


# Commands.


@pytest.mark.parametrize("rare", [-0.1, 1.1, float("nan")])
def test_a_share_outside_the_whole_is_refused(rare: float) -> None:
    with pytest.raises(LocalProtocolError, match="share of acts"):
        traffic(rare=rare)


def test_a_share_of_none_draws_no_rare_act_whatever_chance_says_and_one_of_all_nothing_else() -> None:
    chat = f"{PREFIX}ChatMessageEvent"
    assert {frame.event for frame in Traffic(CHANNEL, Stuck(0.0), rare=0.0).act(NOW)} == {chat}
    assert Traffic(CHANNEL, Stuck(1 - 2**-53), rare=1.0).act(NOW)[-1].event != chat


def test_a_scene_is_played_by_its_name_public_or_private() -> None:
    show = traffic()
    assert show.play("unknown_event", NOW)[-1].event == f"{PREFIX}SomethingNewEvent"
    assert show.play("points_updated", NOW)[-1].event == "PointsUpdated"
    assert not set(SCENES) & set(PRIVATE_SCENES)


def test_a_scene_that_there_is_not_is_refused_with_a_list_of_those_that_there_are() -> None:
    known = ", ".join(sorted([*SCENES, *PRIVATE_SCENES]))
    with pytest.raises(LocalProtocolError, match=f"^no scene is called 'tea_party'; the scenes are: {known}$"):
        traffic().play("tea_party", NOW)


def test_a_channel_without_a_slug_gets_one() -> None:
    show = Traffic(Channel(ChannelId(1), ChatroomId(2)), random.Random(7))
    (payload,) = payloads(show.play("settings_changed", NOW), "ChatSettingsChanged")
    assert payload["channel"]["slug"]

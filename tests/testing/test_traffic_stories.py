"""What the traffic tells holds together: who is quoted has spoken, what stops has run, twins agree."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kick_proto.frames import Frame
from kick_proto.testing.traffic import SCENES
from kick_proto.testing.traffic.stage import Stage
from tests.testing.shows import ALL_SCENES, CHANNEL, NOW, PREFIX, SPOKEN, flat, payloads, played, run


def test_what_is_deleted_was_said_before() -> None:
    said: set[str] = set()
    deleted = 0
    for frame in flat(run(8_000, rare=0.3)):
        said.update(payload["id"] for payload in payloads([frame], "ChatMessageEvent"))
        for payload in payloads([frame], "MessageDeletedEvent"):
            assert payload["message"]["id"] in said
            deleted += 1
    assert deleted > 50


def test_who_is_banned_has_spoken_and_speaks_no_more_until_pardoned() -> None:
    spoken: set[int] = set()
    away: set[int] = set()
    for frame in flat(run(8_000, rare=0.3)):
        for payload in payloads([frame], "ChatMessageEvent"):
            assert payload["sender"]["id"] not in away
            spoken.add(payload["sender"]["id"])
        for payload in payloads([frame], "UserBannedEvent"):
            assert payload["user"]["id"] in spoken
            assert payload["banned_by"]["id"] == 0
            away.add(payload["user"]["id"])
        for payload in payloads([frame], "UserUnbannedEvent"):
            assert payload["unbanned_by"]["id"] != 0
            away.remove(payload["user"]["id"])
    assert away


def test_a_timeout_ends_when_its_minutes_are_over() -> None:
    for number, frames in enumerate(played(SCENES["timeout"])):
        (payload,) = payloads(frames, "UserBannedEvent")
        end = datetime.fromtimestamp(int(NOW + number), UTC) + timedelta(minutes=payload["duration"])
        assert datetime.fromisoformat(payload["expires_at"]) == end


def test_a_reply_quotes_what_was_said_and_names_the_root_of_its_thread() -> None:
    said: dict[str, Any] = {}
    replies = deep = 0
    for payload in payloads(flat(run(6_000)), "ChatMessageEvent"):
        if payload["type"] == "reply":
            quoted = payload["metadata"]["original_message"]
            original = said[quoted["id"]]
            assert quoted["content"] == original["content"]
            assert payload["metadata"]["original_sender"]["id"] == original["sender"]["id"]
            if "thread_parent_id" in payload:
                assert payload["thread_parent_id"] == original.get("thread_parent_id", original["id"])
                deep += payload["thread_parent_id"] != original["id"]
            replies += 1
        said[payload["id"]] = payload
    assert replies > 300
    assert deep > 10


def test_a_stream_stops_before_the_next_one_starts() -> None:
    running: int | None = None
    ids: list[int] = []
    for frame in flat(run(6_000, rare=0.5)):
        for payload in payloads([frame], "StreamerIsLive"):
            assert running is None or not ids
            running = payload["livestream"]["id"]
            ids.append(running)
        for payload in payloads([frame], "StopStreamBroadcast"):
            assert running in (None, payload["livestream"]["id"])
            assert running is not None or not ids
            running = None
    assert len(ids) > 20
    assert ids == sorted(set(ids))


def test_who_leaves_for_another_channel_stops() -> None:
    for frames in played(SCENES["outgoing_host"]):
        assert [frame.event.removeprefix(PREFIX) for frame in frames[-2:]] == [
            "ChatMoveToSupportedChannelEvent",
            "StopStreamBroadcast",
        ]


def test_pins_come_and_go_in_turn_and_their_ends_are_empty_arrays() -> None:
    names = []
    for frame in flat(run(6_000, rare=0.5)):
        if "PinnedMessage" in frame.event:
            names.append(frame.event)
        if frame.event.endswith(("PinnedMessageDeletedEvent", "PollDeleteEvent")):
            assert frame.data == "[]"
    assert len(names) > 20
    created, deleted = f"{PREFIX}PinnedMessageCreatedEvent", f"{PREFIX}PinnedMessageDeletedEvent"
    assert names == [created, deleted] * (len(names) // 2) + [created] * (len(names) % 2)


def polls(frames: list[Frame]) -> Iterator[list[Any]]:
    """The updates of each poll, from its first frame to its last."""
    updates: list[Any] = []
    for payload in payloads(frames, "PollUpdateEvent"):
        if "has_voted" in payload["poll"]:
            if updates:
                yield updates
            updates = []
        updates.append(payload["poll"])
    yield updates


def test_a_poll_counts_down_and_its_votes_up() -> None:
    found = list(polls(flat(run(6_000, rare=0.5))))
    assert len(found) > 20
    assert max(len(updates) for updates in found) > 5
    for updates in found:
        assert updates[0]["remaining"] == updates[0]["duration"]
        assert [update["remaining"] for update in updates] == sorted(
            {update["remaining"] for update in updates}, reverse=True
        )
        votes = [sum(option["votes"] for option in update["options"]) for update in updates]
        assert votes[0] == 0
        assert votes == sorted(set(votes))


def test_a_prediction_goes_from_state_to_state_as_it_may() -> None:
    steps = Counter[tuple[str, str]]()
    states: dict[str, str] = {}
    for frame in flat(run(6_000, rare=0.5)):
        for payload in payloads([frame], "PredictionCreated"):
            assert set(states.values()) <= {"RESOLVED", "CANCELLED"}
            states[payload["prediction"]["id"]] = payload["prediction"]["state"]
        for payload in payloads([frame], "PredictionUpdated"):
            prediction = payload["prediction"]
            steps[states[prediction["id"]], prediction["state"]] += 1
            states[prediction["id"]] = prediction["state"]
            winners = {outcome["id"] for outcome in prediction["outcomes"]} | {None}
            assert prediction["winning_outcome_id"] in winners
            assert (prediction["winning_outcome_id"] is not None) == (prediction["state"] == "RESOLVED")
    assert set(steps) == {
        ("ACTIVE", "ACTIVE"),
        ("ACTIVE", "LOCKED"),
        ("ACTIVE", "CANCELLED"),
        ("LOCKED", "RESOLVED"),
        ("LOCKED", "CANCELLED"),
    }


def test_the_chunks_of_a_gift_make_up_the_whole() -> None:
    for frames in played(SCENES["gift_of_many"]):
        chunks = payloads(frames, "GiftedSubscriptionsEvent")
        details = [chunk["chunk_details"] for chunk in chunks]
        assert [each["chunk_index"] for each in details] == list(range(len(chunks)))
        assert {each["total_chunks"] for each in details} == {len(chunks)}
        assert {each["correlation_id"] for each in [*chunks, *details]} == {chunks[0]["correlation_id"]}
        assert {chunk["gifted_total"] for chunk in chunks} == {sum(len(chunk["gifted_usernames"]) for chunk in chunks)}
        (notice,) = payloads(frames, "ChatMessageSentEvent")
        assert notice["message"]["subscriptions_count"] == chunks[0]["gifted_total"] > 1
        assert len(chunks) > 1


def test_the_lucky_ones_are_those_who_were_given_something() -> None:
    for frames in played(SCENES["gift_2025"]):
        (gift,) = payloads(frames, "GiftedSubscriptionsEvent")
        (lucky,) = payloads(frames, "LuckyUsersWhoGotGiftSubscriptionsEvent")
        (in_channel,) = payloads(frames, "ChannelSubscriptionEvent")
        assert sorted(lucky["usernames"]) == sorted(gift["gifted_usernames"])
        assert in_channel["username"] == ""
        assert len(in_channel["user_ids"]) == len(gift["gifted_usernames"])


@pytest.mark.parametrize("name", ["subscription", "resubscription", "resubscription_without_text", "subscription_2025"])
def test_the_frames_of_one_subscription_agree_and_come_in_no_fixed_order(name: str) -> None:
    orders = set()
    for frames in played(SCENES[name], times=60):
        orders.add(tuple(frame.event for frame in frames))
        (told,) = payloads(frames, "SubscriptionEvent")
        (notice,) = payloads(frames, "ChatMessageSentEvent")
        (in_channel,) = payloads(frames, "ChannelSubscriptionEvent")
        assert notice["message"]["months_subscribed"] == told["months"]
        assert notice["user"]["username"] == in_channel["username"] == told["username"]
        assert in_channel["user_ids"] == [notice["user"]["id"]]
        assert (told["months"] > 1) == name.startswith("resub") or name == "subscription_2025"
        assert (notice["message"]["optional_message"] is not None) == (name == "resubscription")
    assert len(orders) > 3


def test_a_renewal_is_celebrated_by_who_renewed() -> None:
    stage = Stage(CHANNEL, random.Random(7))
    (notice,) = payloads(SCENES["resubscription"](stage, NOW), "ChatMessageSentEvent")
    (said,) = payloads(SPOKEN["celebration"](stage, NOW + 60), "ChatMessageEvent")
    assert said["sender"]["id"] == notice["user"]["id"]
    assert said["metadata"]["celebration"]["total_months"] == notice["message"]["months_subscribed"]


def test_a_pinned_gift_expires_when_its_nanoseconds_are_over() -> None:
    for frames in played(SCENES["kicks_pinned"]):
        (payload,) = payloads(frames, "KicksGifted")
        begin, end = (datetime.fromisoformat(payload[key]) for key in ("created_at", "expires_at"))
        assert end - begin == timedelta(microseconds=payload["gift"]["pinned_time"] // 1_000)


def test_the_twins_of_changed_settings_agree_minutes_in_one_seconds_in_the_other() -> None:
    for frames in played(SCENES["settings_changed"], times=100):
        (minutes,) = payloads(frames, "ChatroomUpdatedEvent")
        seconds = payloads(frames, "ChatSettingsChanged")[0]["settings"]
        age, followers = minutes["account_age"], minutes["followers_mode"]
        assert seconds["minimum_account_age"] == {
            "duration_seconds": 60 * age["min_duration"],
            "enabled": age["enabled"],
        }
        assert seconds["followers_only_mode"]["enabled"] == followers["enabled"]
        assert seconds["followers_only_mode"]["duration_seconds"] == (
            (60 * followers["min_duration"] or 1) if followers["enabled"] else 0
        )
        assert seconds["slow_mode"]["enabled"] == minutes["slow_mode"]["enabled"]


def test_who_subscribes_for_the_first_time_has_not_subscribed_before() -> None:
    months: dict[int, int] = {}
    first = 0
    for frame in flat(run(8_000, rare=0.3)):
        for payload in payloads([frame], "ChatMessageEvent"):
            badges = {badge["type"]: badge.get("count") for badge in payload["sender"]["identity"]["badges"]}
            worn = badges.get("subscriber") or 0
            assert worn >= months.get(payload["sender"]["id"], 0)
            months[payload["sender"]["id"]] = worn
        for payload in payloads([frame], "ChatMessageSentEvent"):
            told = payload["message"]["months_subscribed"]
            if payload["message"]["action"] == "subscribe":
                assert told > months.get(payload["user"]["id"], 0)
                months[payload["user"]["id"]] = told
                first += told == 1
    assert first > 20


BOARDS = [
    ("GiftsLeaderboardUpdated", "weekly_leaderboard", "monthly_leaderboard", "leaderboard"),
    ("KicksLeaderboardUpdated", "gifts_week", "gifts_month", "gifts_lifetime"),
]


@pytest.mark.parametrize(("event", "week", "month", "lifetime"), BOARDS)
def test_a_board_has_ten_places_and_who_gave_in_a_week_gave_in_the_month_and_in_the_lifetime(
    event: str, week: str, month: str, lifetime: str
) -> None:
    seen = payloads(flat(run(8_000, rare=0.3)), event)
    before: dict[str, dict[int, int]] = {each: {} for each in (week, month, lifetime)}
    for payload in seen:
        given = {}
        for span, quantities in before.items():
            rows = payload[span]
            assert 0 < len(rows) <= 10
            assert rows == sorted(rows, key=lambda row: (-row["quantity"], row["user_id"]))
            given[span] = {row["user_id"]: row["quantity"] for row in rows}
            assert len(given[span]) == len(rows)
            for id, quantity in given[span].items():
                assert quantity >= max(1, quantities.get(id, 0))
            quantities.update(given[span])
        for shorter, longer in ((week, month), (month, lifetime)):
            # Who is on the one board and not on the other has given less than its tenth.
            tenth = payload[longer][-1]["quantity"] if len(payload[longer]) == 10 else 0
            for id, quantity in given[shorter].items():
                assert quantity <= given[longer].get(id, tenth)
    assert len(seen) > 50
    assert len(seen[0][week]) < len(seen[0][month]) < len(seen[-1][lifetime]) == 10


def test_the_total_of_a_gifter_is_what_the_board_says_and_the_badge() -> None:
    totals: dict[int, int] = {}
    on_board = 0
    for act in run(8_000, rare=0.3):
        for payload in payloads(act, "ChatMessageEvent"):
            badges = {badge["type"]: badge.get("count") for badge in payload["sender"]["identity"]["badges"]}
            assert badges.get("sub_gifter") == totals.get(payload["sender"]["id"], badges.get("sub_gifter"))
        for board in payloads(act, "GiftsLeaderboardUpdated"):
            told = payloads(act, "GiftedSubscriptionsEvent")[0]
            gifter, count = board["gifter_id"], board["gifted_quantity"]
            assert board.get("gifter_username", told["gifter_username"]) == told["gifter_username"]
            assert count == told.get("gifted_total", len(told["gifted_usernames"]))
            if "gifter_total" in told:
                assert told["gifter_total"] == totals.get(gifter, told["gifter_total"] - count) + count
                totals[gifter] = told["gifter_total"]
            elif gifter in totals:
                totals[gifter] += count
            for row in board["leaderboard"]:
                assert row["quantity"] == totals.get(row["user_id"], row["quantity"])
                on_board += row["user_id"] == gifter
    assert on_board > 20


def test_a_broadcast_has_begun_when_it_began_whenever_that_is_told() -> None:
    stage = Stage(CHANNEL, random.Random(7))
    whole, level = ALL_SCENES["livestream_updated_2024"], ALL_SCENES["livestream_updated_flat_2024"]
    for start, looks in ((NOW - 7_200, (NOW, NOW + 1, NOW + 2)), (NOW + 100, (NOW + 103, NOW + 104))):
        begun = datetime.fromtimestamp(int(start), UTC)
        for at in looks:
            (columns,) = payloads(whole(stage, at), "LivestreamUpdated")
            (told,) = payloads(level(stage, at), "LiveStream\\UpdatedLiveStreamEvent")
            livestream = columns["livestream"]
            assert livestream["created_at"] == f"{begun:%Y-%m-%d %H:%M:%S}"
            assert livestream["start_time"] == f"{begun - timedelta(seconds=2):%Y-%m-%d %H:%M:%S}"
            assert told["created_at"] == f"{begun:%Y-%m-%dT%H:%M:%S}.000000Z"
            for key in ("id", "slug", "session_title"):
                assert told[key] == livestream[key]
        SCENES["stream_starts"](stage, NOW + 100)


def test_the_clocks_of_most_senders_run_well_and_of_some_wildly() -> None:
    skews = [
        int(payload["metadata"]["message_ref"]) - int((NOW + number) * 1_000)
        for number, frames in enumerate(played(SPOKEN["plain"], times=3_000))
        for payload in payloads(frames, "ChatMessageEvent")
    ]
    assert min(skews) >= -40_000
    assert max(skews) <= 2_040_000
    well = [skew for skew in skews if abs(skew) <= 900]
    assert 0.9 < len(well) / len(skews) < 0.99
    assert min(well) < -500 < 500 < max(well)
    wild = [skew for skew in skews if abs(skew) > 900]
    assert min(wild) < 0 < 1_000_000 < max(wild)


ERAS = ("pin", "pin_2025", "pin_2024")


def test_what_is_pinned_is_what_was_said_as_its_era_tells_it() -> None:
    stage = Stage(CHANNEL, random.Random(7))
    said: dict[str, Any] = {}
    kinds: set[tuple[str, str]] = set()
    for number in range(250):
        for kind in ("reply", "celebration", "reply_2025"):
            said |= {each["id"]: each for each in payloads(SPOKEN[kind](stage, NOW + number), "ChatMessageEvent")}
        era = ERAS[number % 3]
        (pin,) = payloads(SCENES[era](stage, NOW + number), "PinnedMessageCreatedEvent")
        told, original = pin["message"], said[pin["message"]["id"]]
        kinds.add((era, original["type"]))
        for key in ("chatroom_id", "content", "created_at"):
            assert told[key] == original[key]
        assert told["sender"]["id"] == original["sender"]["id"]
        assert ("badges_v2" in told["sender"]["identity"]) is (era == "pin")
        assert (told["type"], told["metadata"]) == (
            ("message", None) if era == "pin_2024" else (original["type"], original["metadata"])
        )
        if era == "pin":
            assert told["thread_parent_id"] == original.get("thread_parent_id", "")
        else:
            assert "thread_parent_id" not in told
    assert kinds >= {(era, kind) for era in ERAS for kind in ("reply", "celebration")}


def test_a_celebration_is_of_the_last_week_and_of_the_months_that_are_worn() -> None:
    worn = 0
    for number, frames in enumerate(played(SPOKEN["celebration"], times=100)):
        (said,) = payloads(frames, "ChatMessageEvent")
        celebration = said["metadata"]["celebration"]
        age = datetime.fromtimestamp(NOW + number, UTC) - datetime.fromisoformat(celebration["created_at"])
        assert timedelta(0) <= age <= timedelta(days=7)
        badges = {badge["type"]: badge.get("count") for badge in said["sender"]["identity"]["badges"]}
        worn += badges.get("subscriber") == celebration["total_months"]
    assert worn > 90


@pytest.mark.parametrize("name", ["incoming_host", "incoming_host_with_message"])
def test_the_two_frames_of_a_guest_agree_and_come_in_any_order(name: str) -> None:
    orders = set()
    for frames in played(SCENES[name], times=40):
        orders.add(tuple(frame.event for frame in frames))
        (in_chat,), (hosted,) = payloads(frames, "StreamHostEvent"), payloads(frames, "StreamHostedEvent")
        assert in_chat["optional_message"] == hosted["message"]["optionalMessage"]
        assert in_chat["number_viewers"] == hosted["message"]["numberOfViewers"]
        assert in_chat["host_username"] == hosted["user"]["username"]
    assert len(orders) == 2


def test_who_is_moved_to_is_told_with_the_viewers_before_or_after() -> None:
    counted = 0
    for frames in played(SCENES["outgoing_host"], times=100):
        (move,) = payloads(frames, "ChatMoveToSupportedChannelEvent")
        (stop,) = payloads(frames, "StopStreamBroadcast")
        assert move["slug"] == move["hosted"]["slug"]
        assert move["channel"]["current_livestream"]["id"] == stop["livestream"]["id"]
        assert move["hosted"]["slug"].replace("-", "_") == move["hosted"]["username"].lower()
        counted += move["hosted"]["viewers_count"] == move["channel"]["current_livestream"]["viewer_count"]
        sources = {each.split("/")[4] for each in move["hosted"]["preview_thumbnail"].values()}
        assert len(sources) == 1
    assert 10 < counted < 60


def test_a_ban_is_lifted_as_a_ban_and_a_timeout_as_a_timeout_the_last_one_first() -> None:
    away: dict[bool, list[int]] = {True: [], False: []}
    lifted = 0
    for frame in flat(run(8_000, rare=0.3)):
        for payload in payloads([frame], "UserBannedEvent"):
            away[payload.get("permanent", "expires_at" not in payload)].append(payload["user"]["id"])
        for payload in payloads([frame], "UserUnbannedEvent"):
            lifted += 1
            assert away[payload.get("permanent", True)].pop() == payload["user"]["id"]
    assert lifted > 50


def test_what_kicks_filter_names_are_different_rules_one_or_two_or_with_an_empty_one_between() -> None:
    counts = Counter[int]()
    for frames in played(SCENES["deletion_by_ai"], times=60):
        (deleted,) = payloads(frames, "MessageDeletedEvent")
        rules = deleted["violatedRules"]
        assert len(set(rules)) == len(rules)
        counts[len(rules)] += 1
    assert set(counts) == {1, 2}
    for frames in played(SCENES["deletion_by_ai_with_empty_rule"]):
        (deleted,) = payloads(frames, "MessageDeletedEvent")
        first, between, last = deleted["violatedRules"]
        assert between == "" not in (first, last)
        assert first != last


def test_who_is_sent_away_takes_along_what_they_said() -> None:
    gone: set[int] = set()
    for frame in flat(run(8_000, rare=0.3)):
        for payload in payloads([frame], "UserBannedEvent"):
            gone.add(payload["user"]["id"])
        for payload in payloads([frame], "UserUnbannedEvent"):
            gone.discard(payload["user"]["id"])
        for payload in payloads([frame], "ChatMessageEvent"):
            if payload["type"] == "reply":
                assert payload["metadata"]["original_sender"]["id"] not in gone
        for payload in payloads([frame], "PinnedMessageCreatedEvent"):
            assert payload["message"]["sender"]["id"] not in gone
    assert gone

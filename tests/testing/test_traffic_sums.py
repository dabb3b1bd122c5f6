"""What the traffic counts adds up: votes, stakes, goals, followers, subscribers, KICKs; and so do its times."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from kick_proto.frames import Frame
from kick_proto.testing.traffic import SCENES, wording
from kick_proto.testing.traffic.stage import Stage
from tests.testing.shows import ALL_SCENES, CHANNEL, NOW, PREFIX, flat, payloads, played, run
from tests.testing.test_traffic_chance import LAST, SIGNS


def told(at: float) -> str:
    """A moment as Go writes it."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S.%f}".rstrip("0") + "Z"


def made_at(ulid: str) -> float:
    """What a ULID says of its time, in unix seconds."""
    return sum(SIGNS.index(sign) << 5 * place for place, sign in enumerate(reversed(ulid[:10]))) / 1_000


def names(frames: list[Frame]) -> list[str]:
    return [frame.event.removeprefix(PREFIX) for frame in frames]


class Playing:
    """One stage on which scenes follow each other, a second apart."""

    def __init__(self) -> None:
        self.stage = Stage(CHANNEL, random.Random(7))
        self.at = NOW

    def __call__(self, scene: str) -> list[Frame]:
        self.at += 1
        return ALL_SCENES[scene](self.stage, self.at)

    def last(self, scene: str) -> Any:
        """What the last frame of a scene tells."""
        frames = self(scene)
        return payloads(frames[-1:], names(frames)[-1])[0]


# Polls.


def test_a_vote_of_some_people_is_for_one_option_and_takes_a_second_or_two() -> None:
    play = Playing()
    steps: set[int] = set()
    votes: set[int] = set()
    voted: set[int] = set()
    lengths: set[int] = set()
    for _ in range(150):
        (opened,) = payloads(play("poll_opens")[-1:], "PollUpdateEvent")
        title, labels = opened["poll"]["title"], [option["label"] for option in opened["poll"]["options"]]
        assert (title, tuple(labels)) in wording.POLLS
        before = opened["poll"]
        updates = payloads(play("poll_votes"), "PollUpdateEvent")
        lengths.add(len(updates))
        for update in updates:
            poll = update["poll"]
            assert (poll["title"], [option["label"] for option in poll["options"]]) == (title, labels)
            assert [option["id"] for option in poll["options"]] == list(range(len(labels)))
            assert poll["duration"] == before["duration"]
            added = [new["votes"] - old["votes"] for new, old in zip(poll["options"], before["options"], strict=True)]
            assert sorted(added)[:-1] == [0] * (len(labels) - 1)
            votes.add(max(added))
            voted.add(added.index(max(added)))
            steps.add(before["remaining"] - poll["remaining"])
            before = poll
        (closed,) = payloads(play("poll_closes"), "PollUpdateEvent")
        assert closed["poll"]["remaining"] == 0
        assert sum(option["votes"] for option in closed["poll"]["options"]) > sum(
            option["votes"] for option in before["options"]
        )
    assert steps == {1, 2}
    assert votes == set(range(1, 10))
    assert voted == {0, 1, 2, 3}
    assert lengths == {3, 4, 5, 6}


def test_votes_that_come_when_a_poll_is_nearly_over_open_the_next_one() -> None:
    play = Playing()
    play("poll_opens")
    for _ in range(60):
        updates = [each["poll"] for each in payloads(play("poll_votes"), "PollUpdateEvent")]
        assert updates[-1]["remaining"] > 0
        closed = [poll for poll in updates if poll["remaining"] == 0]
        assert closed in ([], updates[:1])
        if closed:
            assert "has_voted" in updates[1]


class Hasty:
    """A source of chance with the longest burst, in which each frame takes two seconds off."""

    def __init__(self) -> None:
        self._first = True

    def random(self) -> float:
        drawn, self._first = (LAST if self._first else 0.0), False
        return drawn


def test_a_poll_that_could_run_out_in_one_burst_is_closed_before_it() -> None:
    play = Playing()
    play("poll_opens")
    assert play.stage.poll is not None
    for remaining, first in ((13, 11), (12, 0)):
        play.stage.poll.remaining, play.stage.rng = remaining, Hasty()
        updates = payloads(play("poll_votes"), "PollUpdateEvent")
        assert updates[0]["poll"]["remaining"] == first


@pytest.mark.parametrize("scene", ["poll_opens", "poll_votes", "poll_closes", "poll_deleted"])
def test_what_a_scene_of_a_poll_needs_comes_first(scene: str) -> None:
    first = payloads(Playing()(scene), "PollUpdateEvent")[0]["poll"]
    assert (first["has_voted"], first["remaining"]) == (False, first["duration"])
    play = Playing()
    play("poll_opens")
    again = payloads(play(scene), "PollUpdateEvent")
    assert ("has_voted" in str(again)) is (scene == "poll_opens")
    if scene == "poll_opens":
        assert [each["poll"]["remaining"] == 0 for each in again] == [True, False]


# Predictions.


def predictions() -> Iterator[tuple[float, list[Any]]]:
    """The predictions that each act of a long show tells, and when."""
    play = Playing()
    scenes = [name for name in SCENES if name.startswith("prediction_")]
    for _ in range(300):
        frames = play(random.Random(play.at).choice(scenes))
        yield (
            play.at,
            [
                each["prediction"]
                for frame in frames
                for each in payloads([frame], "PredictionCreated") + payloads([frame], "PredictionUpdated")
            ],
        )


def test_a_prediction_says_when_it_was_made_and_locked_and_told() -> None:
    made: dict[str, str] = {}
    locked: dict[str, str | None] = {}
    for at, acts in predictions():
        for each in acts:
            assert each["updated_at"] == told(at)
            if each["id"] not in made:
                assert made_at(each["id"]) == int(at * 1_000) / 1_000
                assert {made_at(outcome["id"]) for outcome in each["outcomes"]} == {made_at(each["id"])}
                assert (each["state"], each["created_at"]) == ("ACTIVE", told(at))
                made[each["id"]] = each["created_at"]
            assert each["created_at"] == made[each["id"]]
            if each["state"] == "LOCKED":
                locked[each["id"]] = told(at)
            assert each["locked_at"] == locked.get(each["id"])
    assert len(made) > 50
    assert len(locked) > 20


def test_the_stakes_of_a_prediction_add_up_to_what_each_outcome_returns() -> None:
    before: dict[str, Any] = {}
    sizes: set[int] = set()
    largest = 0
    for _, acts in predictions():
        for each in acts:
            labels = tuple(outcome["title"] for outcome in each["outcomes"])
            assert (each["title"], labels) in wording.PREDICTIONS
            staked = sum(outcome["total_vote_amount"] for outcome in each["outcomes"])
            count = 0
            for outcome in each["outcomes"]:
                old = before.get(outcome["id"], {"total_vote_amount": 0, "vote_count": 0, "top_users": []})
                amount = outcome["total_vote_amount"] - old["total_vote_amount"]
                count += outcome["vote_count"] - old["vote_count"]
                assert outcome["return_rate"] == (
                    pytest.approx(staked / outcome["total_vote_amount"], abs=0.00006)
                    if outcome["total_vote_amount"]
                    else 0.0
                )
                assert outcome["return_rate"] == round(outcome["return_rate"], 4)
                assert type(outcome["return_rate"]) is float
                best = max([amount, *(user["amount"] for user in old["top_users"])])
                assert [user["amount"] for user in outcome["top_users"]] == ([best] if best else [])
                if amount == 0:
                    assert outcome["top_users"] == old["top_users"]
                else:
                    assert 10 <= amount <= 250_000
                    sizes.add(amount)
                    largest += amount == 250_000
                before[outcome["id"]] = outcome
            assert count <= 1
            assert each["state"] == "ACTIVE" or count == 0
    assert max(sizes - {250_000}) <= 5_000
    assert 0 < largest < len(sizes) / 5


def test_each_outcome_may_be_staked_on_and_come_true() -> None:
    staked: set[int] = set()
    won: set[int] = set()
    counts: set[int] = set()
    play = Playing()
    for _ in range(60):
        play("prediction_opens")
        frames = play("prediction_staked")
        counts.add(len(frames))
        (last,) = payloads(frames[-1:], "PredictionUpdated")
        assert sum(outcome["vote_count"] for outcome in last["prediction"]["outcomes"]) == len(frames)
        staked.update(n for n, each in enumerate(last["prediction"]["outcomes"]) if each["vote_count"])
        resolved = play.last("prediction_resolved")["prediction"]
        won.add([outcome["id"] for outcome in resolved["outcomes"]].index(resolved["winning_outcome_id"]))
    assert (staked, won, counts) == ({0, 1}, {0, 1}, {1, 2, 3, 4})


STATES = [
    ("prediction_opens", ["ACTIVE"], ["LOCKED", "RESOLVED", "ACTIVE"], ["RESOLVED", "ACTIVE"]),
    ("prediction_locked", ["ACTIVE", "LOCKED"], ["LOCKED"], ["RESOLVED", "ACTIVE", "LOCKED"]),
    ("prediction_resolved", ["ACTIVE", "LOCKED", "RESOLVED"], ["LOCKED", "RESOLVED"], ["RESOLVED"]),
    ("prediction_cancelled", ["ACTIVE", "CANCELLED"], ["CANCELLED"], ["CANCELLED"]),
]


@pytest.mark.parametrize(("scene", "none", "active", "locked"), STATES)
def test_what_a_scene_of_a_prediction_needs_comes_first(
    scene: str, none: list[str], active: list[str], locked: list[str]
) -> None:
    for first, expected in (("", none), ("prediction_opens", active), ("prediction_locked", locked)):
        play = Playing()
        if first:
            play(first)
        frames = play(scene)
        told = [
            payloads([frame], name)[0]["prediction"]["state"] for frame, name in zip(frames, names(frames), strict=True)
        ]
        assert told == expected


# Goals.


def test_a_goal_stands_from_when_it_is_set_until_it_is_reached_or_given_up() -> None:
    play = Playing()
    standing: Any = None
    moves: set[int] = set()
    fractions: set[int] = set()
    distances: list[int] = []
    followers = play.stage.follower_count
    scenes = [name for name in SCENES if name.startswith("goal_")]
    for _ in range(400):
        frames = play(random.Random(play.at).choice(scenes))
        for name, (goal,) in [
            (name, payloads([frame], name)) for frame, name in zip(frames, names(frames), strict=True)
        ]:
            assert goal["updated_at"].startswith(told(play.at)[:-1])
            fractions.add(len(goal["updated_at"]) - len(told(play.at)))
            if name == "GoalCreatedEvent":
                assert standing is None
                assert made_at(goal["id"].removeprefix("chgoal_")) == int(play.at * 1_000) / 1_000
                assert goal["created_at"] == told(play.at)
                assert goal["current_value"] == followers
                distances.append(goal["target_value"] - followers)
            else:
                assert standing is not None
                assert [goal[key] for key in ("id", "created_at", "channel_id")] == [
                    standing[key] for key in ("id", "created_at", "channel_id")
                ]
                assert goal["target_value"] == standing["target_value"] + 500 * (name == "GoalUpdatedEvent")
                if name == "GoalAchievedEvent":
                    assert goal["achieved_at"] == told(play.at)
                    assert goal["current_value"] == max(followers, goal["target_value"])
                elif name == "GoalProgressUpdateEvent":
                    moves.add(goal["current_value"] - followers)
                else:
                    assert goal["current_value"] == followers
            standing = None if name in ("GoalAchievedEvent", "GoalCanceledEvent") else goal
            followers = goal["current_value"]
    assert moves == {-1, 0, 1, 2, 5}
    assert fractions == {0, 3}
    assert min(distances) >= 20
    assert 1_000 < max(distances) <= 2_000
    assert 1_680_000_000 <= made_at(play.stage.goals_channel_id.removeprefix("channel_")) <= 1_720_000_000


@pytest.mark.parametrize("scene", [name for name in SCENES if name.startswith("goal_")])
def test_a_goal_that_is_needed_is_set_first(scene: str) -> None:
    frames = Playing()(scene)
    assert names(frames)[0] == "GoalCreatedEvent"
    assert len(frames) == (1 if scene == "goal_created" else 2)
    play = Playing()
    play("goal_created")
    again = names(play(scene))
    assert again == (["GoalCanceledEvent", "GoalCreatedEvent"] if scene == "goal_created" else names(frames)[1:])


# Followers and subscribers.


def test_who_follows_and_who_does_not_any_more_is_counted() -> None:
    play = Playing()
    count = play.last("follow_2023")["followersCount"]
    for scene, key, change in (
        ("follow_2023", "followersCount", 1),
        ("unfollow_2023", "followersCount", -1),
        ("follow_for_owner_2023", "followersCount", 1),
        ("follower_deleted", "followers_count", -1),
        ("follow_2023", "followersCount", 1),
    ):
        assert play.last(scene)[key] == count + change
        count += change


def count_of(frames: list[Frame]) -> int:
    (payload,) = payloads(frames, "NewSubscriberUpdatedEvent")
    return int(payload["count"])


def test_new_subscribers_are_counted_and_those_who_renew_are_not_new() -> None:
    play = Playing()
    count = count_of(play("subscription"))
    for scene in (*("resubscription", "subscription", "resubscription_without_text"), *GIFTS, "subscription"):
        frames = play(scene)
        if scene in GIFTS:
            count += len(
                [name for gift in payloads(frames, "GiftedSubscriptionsEvent") for name in gift["gifted_usernames"]]
            )
        else:
            count += scene == "subscription"
            assert count_of(frames) == count
    play("subscription_2025")
    assert play.last("subscriber_count_2023")["count"] == count + 1


GIFTS = tuple(name for name in SCENES if name.startswith("gift_"))


@pytest.mark.parametrize("scene", GIFTS)
def test_the_frames_of_one_gift_agree(scene: str) -> None:
    orders: set[tuple[str, ...]] = set()
    for frames in played(SCENES[scene], times=12):
        gifts = payloads(frames, "GiftedSubscriptionsEvent")
        given = [name for gift in gifts for name in gift["gifted_usernames"]]
        (gifter,) = {gift["gifter_username"] for gift in gifts}
        (in_channel,) = payloads(frames, "ChannelSubscriptionEvent")
        assert len(in_channel["user_ids"]) == len(set(in_channel["user_ids"])) == len(given)
        for gift in gifts:
            assert gift.get("gifted_total", len(given)) == len(given)
        for activity in payloads(frames, "NewActivityFeedEvent"):
            assert (activity["username"], activity["metadata"]) == (gifter, {"quantity": len(given)})
        for board in payloads(frames, "GiftsLeaderboardUpdated"):
            assert board["gifter_id"] not in in_channel["user_ids"]
        for lucky in payloads(frames, "LuckyUsersWhoGotGiftSubscriptionsEvent"):
            assert lucky["gifter_username"] == gifter
            assert sorted(lucky["usernames"]) == sorted(given)
        for notice in payloads(frames, "ChatMessageSentEvent"):
            assert notice["user"]["username"] == gifter
            assert [each["username"] for each in notice["message"]["giftedUsers"]] == given
            assert notice["message"]["subscriptions_count"] == notice["user"]["quantity_gifted"] == len(given)
            assert notice["user"]["id"] in {row["gifter_id"] for row in payloads(frames, "GiftsLeaderboardUpdated")}
        orders.add(tuple(names(frames)))
    assert len(orders) > 1
    if scene in ("gift_of_one", "gift_of_some", "gift_of_many"):
        assert {order[0] for order in orders} == {"GiftedSubscriptionsEvent"}


def test_who_is_given_a_month_has_one_more() -> None:
    months: dict[str, int] = {}
    renewed = 0
    play = Playing()
    for _ in range(8):
        for scene in ("gift_of_many", "gift_2025"):
            for notice in payloads(play(scene), "ChatMessageSentEvent"):
                for each in notice["message"]["giftedUsers"]:
                    name, count = each["username"], each["monthsSubscribed"]
                    if name in months and sum(person.username == name for person in play.stage.crowd) == 1:
                        renewed += 1
                        assert count == months[name] + 1
                    months[name] = count
    assert renewed > 50


def test_the_months_of_a_subscription_follow_each_other() -> None:
    for frames in played(SCENES["subscription_2025"], times=40):
        (notice,) = payloads(frames, "ChatMessageSentEvent")
        assert notice["user"]["months_subscribed"] == notice["message"]["months_subscribed"]
    for frames in played(SCENES["gift_2025"], times=40):
        (notice,) = payloads(frames, "ChatMessageSentEvent")
        assert notice["message"]["months_subscribed"] is None
    for frames in played(SCENES["chat_2023"], times=40):
        (said,) = payloads(frames, "ChatMessageSentEvent")
        assert said["user"]["months_subscribed"] == said["message"]["months_subscribed"]
        assert said["user"]["is_subscribed"] is (said["message"]["months_subscribed"] > 0)


# KICKs.


PRICES = {"hell_yeah": 1, "skull_emoji": 50, "full_send": 100, "rage_quit": 500, "pack_it_up": 1_000}


def test_what_is_given_is_on_the_boards_at_once() -> None:
    play = Playing()
    for scene in [name for name in SCENES if name.startswith("kicks")] * 12:
        before = payloads(play("kicks"), "KicksLeaderboardUpdated")[0]
        frames = play(scene)
        assert names(frames)[:2] == ["KicksGifted", "KicksLeaderboardUpdated"]
        (gift,), (board,) = payloads(frames, "KicksGifted"), payloads(frames, "KicksLeaderboardUpdated")
        assert gift["gift"]["amount"] == PRICES[gift["gift"]["gift_id"]]
        assert gift.get("created_at", told(play.at)).startswith(told(play.at)[:-1])
        for span in ("gifts_week", "gifts_month", "gifts_lifetime"):
            old, new = (
                {row["user_id"]: (row["username"], row["quantity"]) for row in each[span]} for each in (before, board)
            )
            sender = gift["sender"]["id"]
            if sender in old:
                name, quantity = old[sender]
                assert new[sender] == (name, quantity + gift["gift"]["amount"])
                assert name == gift["sender"]["username"]
            for id in set(old) & set(new) - {sender}:
                assert new[id] == old[id]


def test_a_bot_thanks_who_gave() -> None:
    for frames in played(SCENES["kicks_told_by_bot"]):
        (gift,), (said,) = payloads(frames, "KicksGifted"), payloads(frames, "ChatMessageEvent")
        assert said["content"].startswith(f"@{gift['sender']['username']} ")
        assert said["sender"]["username"] == "@HelpfulKettle"


def test_there_is_something_for_everything_that_is_told_of_kicks() -> None:
    for frames in played(SCENES["kicks_pinned"], times=60):
        (gift,) = payloads(frames, "KicksGifted")
        assert gift["message"] in wording.KICKS_NOTES
    for frames in played(SCENES["reward_with_input"]):
        (reward,) = payloads(frames, "RewardRedeemedEvent")
        assert (reward["reward_title"], reward["user_input"]) in {
            (title, text) for title in wording.REWARDS for text in wording.REWARD_INPUTS
        }
    seen = {each["sender"]["id"]: each["sender"]["username"] for each in payloads(flat(run(2_000)), "ChatMessageEvent")}
    for each in payloads(flat(run(2_000)), "RewardRedeemedEvent"):
        assert seen.get(each["user_id"], each["username"]) == each["username"]

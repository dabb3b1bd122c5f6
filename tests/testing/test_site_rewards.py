"""The mock's official API: rewards for channel points, and who took them."""

from typing import Any

import pytest

from kick_proto.errors import LocalProtocolError
from kick_proto.testing.site.rewards import MOST_REWARDS
from tests.testing.sites import STREAMER, UNIX_NOW, VIEWER, Desk, said

V1 = "/api/public/v1"
INVALID = (400, {"data": {}, "message": "Invalid request"})


def test_a_reward_is_made_changed_and_deleted() -> None:
    desk = Desk()
    token = desk.token()
    made = said(desk.ask("POST", f"{V1}/channels/rewards", token, {"title": "Refill", "cost": 100}))
    assert made[0] == 200
    reward = made[1]["data"]
    assert reward == {
        "id": reward["id"],
        "title": "Refill",
        "cost": 100,
        "description": "",
        "background_color": "#00e701",
        "is_enabled": True,
        "is_paused": False,
        "is_user_input_required": False,
        "should_redemptions_skip_request_queue": False,
    }
    change = {"cost": 250, "is_paused": True, "background_color": "#ABCDEF"}
    changed = said(desk.ask("PATCH", f"{V1}/channels/rewards/{reward['id']}", token, change))
    assert changed == (200, {"data": reward | change, "message": "OK"})
    assert desk.get(f"{V1}/channels/rewards", token)["data"] == [reward | change]
    assert desk.get(f"{V1}/channels/rewards", desk.token(VIEWER.slug))["data"] == []
    assert desk.ask("DELETE", f"{V1}/channels/rewards/{reward['id']}", desk.token(VIEWER.slug)).status == 404
    assert desk.ask("DELETE", f"{V1}/channels/rewards/{reward['id']}", token).status == 204
    assert desk.ask("DELETE", f"{V1}/channels/rewards/{reward['id']}", token).status == 404
    assert desk.ask("PATCH", f"{V1}/channels/rewards/{reward['id']}", token, change).status == 404
    assert desk.get(f"{V1}/channels/rewards", token)["data"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"cost": 1},
        {"title": "x"},
        {"title": "", "cost": 1},
        {"title": "x" * 51, "cost": 1},
        {"title": "x", "cost": 0},
        {"title": "x", "cost": 1, "description": "x" * 201},
        {"title": "x", "cost": 1, "background_color": "red"},
        {"title": "x", "cost": 1, "is_enabled": "yes"},
        None,
    ],
)
def test_a_reward_has_limits(body: Any) -> None:
    desk = Desk()
    assert said(desk.ask("POST", f"{V1}/channels/rewards", desk.token(), body)) == INVALID


def test_a_channel_has_so_many_rewards_and_no_more() -> None:
    desk = Desk()
    token = desk.token()
    statuses = [
        desk.ask("POST", f"{V1}/channels/rewards", token, {"title": "x", "cost": 1}).status
        for _ in range(MOST_REWARDS + 1)
    ]
    assert statuses == [200] * MOST_REWARDS + [400]


def test_redemptions_are_settled_and_only_failures_are_told() -> None:
    desk = Desk()
    token = desk.token()
    reward = said(desk.ask("POST", f"{V1}/channels/rewards", token, {"title": "Refill", "cost": 100}))[1]["data"]
    first, second = (
        desk.site.redeem(desk.now, STREAMER.slug, reward["id"], VIEWER.slug, unix_now=UNIX_NOW, text="mint")
        for _ in "ab"
    )
    (group,) = desk.get(f"{V1}/channels/rewards/redemptions", token)["data"]
    assert group["reward"] == {
        "id": reward["id"],
        "title": "Refill",
        "cost": 100,
        "description": "",
        "can_manage": True,
        "is_deleted": False,
    }
    assert group["redemptions"][0] == {
        "id": first,
        "status": "pending",
        "redeemed_at": "2026-09-21T15:13:20Z",
        "redeemer": {"user_id": VIEWER.user_id},
        "user_input": "mint",
    }
    settled = said(desk.ask("POST", f"{V1}/channels/rewards/redemptions/accept", token, {"ids": [first, "x"]}))
    assert settled == (200, {"data": [{"id": "x", "reason": "NOT_FOUND"}], "message": "OK"})
    settled = said(desk.ask("POST", f"{V1}/channels/rewards/redemptions/reject", token, {"ids": [first, second]}))
    assert settled[1]["data"] == [{"id": first, "reason": "NOT_PENDING"}]
    other = desk.token(VIEWER.slug)
    settled = said(desk.ask("POST", f"{V1}/channels/rewards/redemptions/reject", other, {"ids": [first]}))
    assert settled[1]["data"] == [{"id": first, "reason": "NOT_FOUND"}]

    def found(query: str) -> list[str]:
        groups = desk.get(f"{V1}/channels/rewards/redemptions?{query}", token)["data"]
        return [each["id"] for group in groups for each in group["redemptions"]]

    assert found("") == []
    assert found("status=accepted") == [first]
    assert found("status=rejected") == [second]
    assert found(f"id={first}&id={second}") == [first, second]
    assert found(f"status=accepted&reward_id={reward['id']}") == [first]
    assert found("status=accepted&reward_id=x") == []
    for ids in ([], ["x"] * 26):
        assert said(desk.ask("POST", f"{V1}/channels/rewards/redemptions/accept", token, {"ids": ids})) == INVALID


def test_redemptions_stand_under_their_reward_page_by_page() -> None:
    desk = Desk()
    token = desk.token()
    tea, milk = (
        said(desk.ask("POST", f"{V1}/channels/rewards", token, {"title": title, "cost": 1}))[1]["data"]["id"]
        for title in ("tea", "milk")
    )
    taken = [
        desk.site.redeem(desk.now, STREAMER.slug, reward, VIEWER.slug, unix_now=UNIX_NOW + at)
        for at, reward in enumerate((tea, milk, tea))
    ]
    asked = f"{V1}/channels/rewards/redemptions"

    def told(query: str) -> list[tuple[str, list[str]]]:
        groups = desk.get(f"{asked}?{query}", token)["data"]
        return [(group["reward"]["title"], [each["id"] for each in group["redemptions"]]) for group in groups]

    assert told("") == [("tea", [taken[0], taken[2]]), ("milk", [taken[1]])]
    assert told("limit=2") == [("tea", [taken[0]]), ("milk", [taken[1]])]
    assert desk.get(asked, token)["pagination"] == {"next_cursor": ""}
    cursor = desk.get(f"{asked}?limit=2", token)["pagination"]["next_cursor"]
    assert told(f"limit=2&cursor={cursor}") == [("tea", [taken[2]])]
    assert told(f"reward_id={milk}") == [("milk", [taken[1]])]
    (group, *_) = desk.get(asked, token)["data"]
    assert group["redemptions"][0]["user_input"] == ""
    assert desk.get(asked, desk.token(VIEWER.slug))["data"] == [], "they are the channel's, not the taker's"


def test_what_was_taken_of_a_reward_outlives_it() -> None:
    desk = Desk()
    token = desk.token()
    reward = said(desk.ask("POST", f"{V1}/channels/rewards", token, {"title": "x", "cost": 1}))[1]["data"]
    desk.site.redeem(desk.now, STREAMER.slug, reward["id"], VIEWER.slug, unix_now=UNIX_NOW)
    assert desk.ask("DELETE", f"{V1}/channels/rewards/{reward['id']}", token).status == 204
    (group,) = desk.get(f"{V1}/channels/rewards/redemptions", token)["data"]
    assert (group["reward"]["title"], group["reward"]["is_deleted"]) == ("x", True)


def test_a_reward_is_taken_of_a_channel_by_somebody() -> None:
    desk = Desk()
    reward = said(desk.ask("POST", f"{V1}/channels/rewards", desk.token(), {"title": "x", "cost": 1}))[1]["data"]["id"]
    for channel, id, by in (
        ("nobody", reward, VIEWER.slug),
        (STREAMER.slug, "r", VIEWER.slug),
        (STREAMER.slug, reward, "nobody"),
        (VIEWER.slug, reward, VIEWER.slug),
    ):
        with pytest.raises(LocalProtocolError) as told:
            desk.site.redeem(desk.now, channel, id, by, unix_now=UNIX_NOW)
        assert str(told.value) == f"{by!r} cannot take the reward {id!r} of {channel!r}: something is missing"
    assert desk.get(f"{V1}/channels/rewards/redemptions", desk.token())["data"] == []

"""Where Kick's hosts are, and what a call shows of itself."""

import copy
from typing import Any

import pytest

from kick_proto.endpoints import oauth, site
from kick_proto.endpoints.call import Call, Host, Sites
from kick_proto.endpoints.people import get_user
from kick_proto.endpoints.public import chat, moderation
from kick_proto.ids import UserId
from kick_proto.secret import Secret


def test_each_host_has_its_address() -> None:
    assert {host: Sites().of(host) for host in Host} == {
        Host.API: "https://api.kick.com",
        Host.SITE: "https://kick.com",
        Host.WEB: "https://web.kick.com",
        Host.ID: "https://id.kick.com",
    }


@pytest.mark.parametrize("name", ["api", "site", "web", "id"])
@pytest.mark.parametrize(
    "base",
    [
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
        "https://broker.example",
        "http://localhost",
        "https://broker.example/kick/id",
    ],
)
def test_a_host_can_be_elsewhere(name: str, base: str) -> None:
    given: dict[str, Any] = {name: base}
    assert Sites(**given).of(Host(name)) == base


@pytest.mark.parametrize("name", ["api", "site", "web", "id"])
@pytest.mark.parametrize(
    "base",
    [
        "",
        "kick.com",
        "https://",
        "https://kick.com/",
        "https://kick.com/api/",
        "https://kick.com//api",
        "https://kick.com/a b",
        "https://kick.com?x=1",
        "https://kick.com#x",
        "https://user:secret@kick.com",
        "https://kick.com:port",
        "https://kick.com\n",
        "ftp://kick.com",
    ],
)
def test_an_address_that_is_more_or_less_than_a_host_is_refused(name: str, base: str) -> None:
    given: dict[str, Any] = {name: base}
    with pytest.raises(ValueError, match=f"{name} must be like https://kick.com, without a slash at the end"):
        Sites(**given)


def test_a_call_shows_no_secret_and_can_be_copied_as_a_machine_is() -> None:
    app = oauth.App(client_id="app-1", client_secret=Secret("canary"))
    calls: list[Call[Any]] = [
        oauth.exchange(app, Secret("canary"), Secret("canary")),
        oauth.introspect(Secret("canary")),
        site.user("night_fox"),
        get_user("night_fox", official=True),
        chat.send("good night", to=UserId(7)),
        moderation.unban(UserId(8), channel=UserId(7)),
    ]
    for call in calls:
        assert "canary" not in repr(call)
        twin = copy.deepcopy(call)
        assert (twin.host, twin.method, twin.path, twin.query, twin.form) == (
            call.host, call.method, call.path, call.query, call.form,
        )  # fmt: skip
        assert len(twin.instead) == len(call.instead)

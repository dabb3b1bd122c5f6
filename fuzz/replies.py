"""An HTTP answer to any call: a value, or a failure that says why, and no secret in what is told of it.

An input is the number of a call, the number of a status, the lines of the headers, an empty line, and the body. A body
that begins with ``SHAPED`` is choices instead: what they make is mostly of the shape of one of that call's results.
"""

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from inspect import getmodule
from types import MappingProxyType, ModuleType
from typing import Any

import msgspec

from fuzz.shaped import draw
from kick_proto.backoff import Backoff
from kick_proto.endpoints import generic, oauth, people, site
from kick_proto.endpoints.call import Call
from kick_proto.endpoints.public import (
    categories,
    channels,
    chat,
    leaderboard,
    livestreams,
    moderation,
    rewards,
    users,
    webhooks,
)
from kick_proto.errors import NotFound, RemoteProtocolError
from kick_proto.frames import Frame
from kick_proto.http import Fetch, Headers, Responded, Response
from kick_proto.ids import ChannelId, UserId
from kick_proto.outcomes import Failure, classify, redacted
from kick_proto.rest import Client, Config, Refused, Replied
from kick_proto.secret import Secret

__all__ = ["MAKERS", "check", "seed"]

APP = oauth.App(client_id="app")
SECRET = Secret("a-secret")
OWL = UserId(7)
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)

MAKERS: Mapping[Callable[..., Call[Any]], Callable[[], Call[Any]]] = MappingProxyType({
    categories.search: lambda: categories.search(names=["Owls"]),
    channels.by_id: lambda: channels.by_id(OWL),
    channels.by_slug: lambda: channels.by_slug("night_owl"),
    channels.change: lambda: channels.change(title="Owls"),
    channels.own: channels.own,
    channels.user: lambda: channels.user("night_owl"),
    chat.delete: lambda: chat.delete("m1"),
    chat.send: lambda: chat.send("hi", to=OWL),
    chat.send_as_bot: lambda: chat.send_as_bot("hi"),
    generic.delete: lambda: generic.delete("/public/v1/owls"),
    generic.get: lambda: generic.get("/public/v1/owls"),
    generic.patch: lambda: generic.patch("/public/v1/owls", {}),
    generic.post: lambda: generic.post("/public/v1/owls", {}),
    generic.put: lambda: generic.put("/public/v1/owls", {}),
    leaderboard.kicks: leaderboard.kicks,
    livestreams.by_user: lambda: livestreams.by_user(OWL),
    livestreams.search: livestreams.search,
    livestreams.stats: livestreams.stats,
    livestreams.v1: livestreams.v1,
    moderation.ban: lambda: moderation.ban(OWL, channel=OWL),
    moderation.time_out: lambda: moderation.time_out(OWL, channel=OWL, minutes=1),
    moderation.unban: lambda: moderation.unban(OWL, channel=OWL),
    oauth.app_token: lambda: oauth.app_token(APP),
    oauth.exchange: lambda: oauth.exchange(APP, SECRET, SECRET),
    oauth.introspect: lambda: oauth.introspect(SECRET),
    oauth.refresh: lambda: oauth.refresh(APP, SECRET),
    oauth.revoke: lambda: oauth.revoke(SECRET, oauth.Hint.ACCESS),
    people.get_user: lambda: people.get_user("night_owl", official=True),
    rewards.accept: lambda: rewards.accept("r1"),
    rewards.change: lambda: rewards.change("r1", cost=2),
    rewards.create: lambda: rewards.create("Owls", 1),
    rewards.delete: lambda: rewards.delete("r1"),
    rewards.every: rewards.every,
    rewards.redemptions: rewards.redemptions,
    rewards.reject: lambda: rewards.reject("r1"),
    site.chatroom: lambda: site.chatroom("night_owl"),
    site.history: lambda: site.history(ChannelId(11), since=NOW),
    site.livestream: lambda: site.livestream("night_owl"),
    site.user: lambda: site.user("night_owl"),
    users.by_id: lambda: users.by_id(OWL),
    users.own: users.own,
    webhooks.public_key: webhooks.public_key,
    webhooks.subscribe: lambda: webhooks.subscribe("chat.message.sent"),
    webhooks.subscriptions: webhooks.subscriptions,
    webhooks.unsubscribe: lambda: webhooks.unsubscribe("w1"),
})  # fmt: skip
"""Every function that makes a call, and a call of its making."""

ASKED = tuple((maker, make()) for maker, make in MAKERS.items())
STATUSES = (200, 201, 204, 302, 400, 401, 403, 404, 409, 419, 422, 429, 500, 503, 100, 304, 308, 599, 999, 0, -1)
SHAPED = b"\x01"
ENVELOPES = ('{"data":%s}', '{"data":[%s,%s]}', '{"data":[%s],"pagination":{"next_cursor":"c"}}', "%s", '{"id":1,%s')
MAX_BODY = 1 << 15
LONGEST = 1_000
"""Characters of a sentence for people, with what we say in it."""
MOST_TRIES = 12
CONFIG = Config(backoff=Backoff(retries=2), max_body=MAX_BODY)
UNIX_NOW = 1_790_000_000.0

CANARY = "Canary7"
PLANTS = (
    "access_token={}",
    "client_secret: {}",
    '"refresh_token":"{}"',
    '\\"password\\": \\"{}\\"',
    "code_verifier%3D{}",
    "?code={}&state=x",
    "Authorization: Bearer {}",
    "bearer {}",
    "playback_url=https://{}/x",
    "eyJhbGciOiJIUzI1NiJ9.{}.x",
    "{}0123456789abcdef0123456789abcdef",
)
"""How secrets stand in texts."""


def check(data: bytes) -> None:
    number, status = data[0] if data else 0, data[1] if len(data) > 1 else 0
    maker, call = ASKED[number % len(ASKED)]
    head, _, body = data[2:].partition(b"\n\n")
    if body.startswith(SHAPED):
        body = _drawn(getmodule(maker), body[1:])
    response = Response(STATUSES[status % len(STATUSES)], _headers(head), body)
    failure = classify(response, UNIX_NOW)
    if failure is not None:
        _assert_told(failure)
        assert failure.status == response.status
    _assert_answered(call, response, failure)
    _assert_redacts(number, status, body[:LONGEST].decode("utf-8", "replace"))


def _headers(head: bytes) -> Headers:
    pairs = (line.partition(":") for line in head.decode("latin-1").split("\n"))
    return tuple((name.strip().lower(), value.strip()) for name, _, value in pairs)


def _drawn(module: ModuleType | None, choices: bytes) -> bytes:
    kinds = _kinds(module) if module is not None else ()
    if len(choices) < 2 or not kinds:
        return choices
    envelope = ENVELOPES[choices[0] % len(ENVELOPES)]
    text = draw(kinds[choices[1] % len(kinds)], choices[2:])
    # The last one opens the object by itself.
    return envelope.replace("%s", text[1:] if envelope.startswith('{"id"') else text).encode()


@cache
def _kinds(module: ModuleType) -> tuple[type[msgspec.Struct], ...]:
    """The structs that a module reads replies into."""
    own = [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, msgspec.Struct)]
    return tuple(each for each in own if each.__module__ == module.__name__)


def _assert_told(failure: Failure) -> None:
    assert 0 < len(failure.message) <= LONGEST, failure
    assert failure.code is None or 0 < len(failure.code) <= LONGEST, failure
    assert failure.retry_after is None or 0 <= failure.retry_after < float("inf"), failure
    assert str(failure.error()) == failure.message


def _assert_answered(call: Call[Any], response: Response, failure: Failure | None) -> None:
    """A client gives one event, which is the value where there is one."""
    expected = None
    if failure is None and len(response.body) <= MAX_BODY:
        try:
            expected = Replied(1, call.parse(response))
        except (RemoteProtocolError, NotFound) as error:
            assert str(error)
    (event,) = _events(call, response)
    assert expected is None or event == expected, (event, expected)
    if isinstance(event, Refused):
        _assert_told(event.failure)


def _events(call: Call[Any], response: Response) -> list[Replied | Refused]:
    """What a client tells whose every question is answered alike."""
    client, now = Client(CONFIG, rng=random.Random(7)), 1_000.0
    client.set_token(now, SECRET)
    client.submit(now, call)
    tries = 0
    while client.states:
        output = client.poll_output()
        if output is None:
            at = client.poll_timeout()
            assert at is not None, "nothing would ever end it"
            now = max(now, at)
            client.handle_timeout(now)
        elif isinstance(output, Fetch):
            tries += 1
            assert tries <= MOST_TRIES
            client.handle_input(now, Responded(output.ref, response, UNIX_NOW))
    return client.take_events()


def _assert_redacts(number: int, status: int, text: str) -> None:
    """A secret in somebody's words is hidden, whatever stands around it."""
    at = number * len(text) // 255
    # So far behind, in some texts, that what is told of it is cut within the secret.
    away = " " * (1 + 5 * number)
    planted = f"{text[:at]}.{away}{PLANTS[status % len(PLANTS)].format(CANARY)} {text[at:]}"
    assert CANARY not in redacted(planted), redacted(planted)
    failure = classify(Response(400, (), msgspec.json.encode({"message": planted, "error": planted})), UNIX_NOW)
    assert failure is not None
    assert CANARY not in f"{failure.message} {failure.code}", failure


def seed(frame: Frame) -> bytes:
    return b"\x0a\x04content-type: application/json\n\n" + msgspec.json.encode(
        {"error": frame.event, "message": frame.data}
    )

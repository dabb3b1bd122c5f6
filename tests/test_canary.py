"""No secret is ever seen: not in what is printed, logged, raised, shown or stored, whatever goes wrong.

The canaries are the real ones: every token, code, verifier and client secret that goes over the wire while accounts log
in, call, refresh, fail and log out. A spy around the fetch collects them; then everything that anybody could read is
searched for each.
"""

import io
import json
import logging
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import anyio
import pytest

from kick_io.credentials import TokenStore
from kick_io.http import AsyncFetcher
from kick_io.mock import MockKick
from kick_io.storage.keys import KeyFile
from kick_io.strategy import KickStrategy
from kick_proto import oauth, rest
from kick_proto.backoff import Backoff
from kick_proto.clusters import endpoint_at
from kick_proto.endpoints.call import Host
from kick_proto.endpoints.oauth import App
from kick_proto.errors import KickError
from kick_proto.http import Request, Response
from kick_proto.pusher import App as PusherApp
from kick_proto.session import Config
from kick_proto.testing.site import trouble
from kick_proto.testing.site.accounts import CAST
from kick_proto.testing.site.answering import KickSite

STREAMER = CAST[0]
OURS = ("/kick_io/", "/kick_proto/", "/site-packages/")
"""Where the frames of a traceback are looked into; what a test holds in its own names is its own affair."""
SPENT = ("code", "state", "query")
"""Parameters of ours that hold what the browser brought, as texts: a code is spent by the first try to use it, and is
good for nothing without the verifier. They may stand in a frame of the call that they were given to."""


class Spy:
    """A fetch that notes every secret that passes, and shows what it was given as a careless log would."""

    def __init__(self, fetch: Callable[[Request], Awaitable[Response]]) -> None:
        self.secrets: dict[str, str] = {}
        self.shown: list[str] = []
        self._fetch = fetch

    async def __call__(self, request: Request) -> Response:
        self.shown += (repr(request), f"{request}")
        for name, value in parse_qsl(request.content().decode()) if request.form else ():
            if name in ("client_secret", "code", "code_verifier", "refresh_token", "token"):
                self.secrets.setdefault(value, name)
        for name, value in request.header_lines():
            if name == "authorization":
                self.secrets.setdefault(value.removeprefix("Bearer "), "authorization")
        response = await self._fetch(request)
        self.shown.append(repr(response))
        if response.body.startswith(b"{") and b"access_token" in response.body:
            body = json.loads(response.body)
            self.secrets |= {body[name]: name for name in ("access_token", "refresh_token") if body.get(name)}
            assert body["access_token"] not in repr(response)
        return response


class Readable:
    """All that somebody could read."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, str]] = []

    def add(self, where: str, text: str) -> None:
        self.parts.append((where, text))

    def add_error(self, error: BaseException) -> None:
        """Its words, its causes, and the names in each frame of ours that it went through."""
        self.add("exception", "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error)))
        told: traceback.TracebackException | None = traceback.TracebackException.from_exception(
            error, capture_locals=True
        )
        while told is not None:
            for frame in told.stack:
                if any(part in frame.filename for part in OURS):
                    names = {name: value for name, value in (frame.locals or {}).items() if name not in SPENT}
                    self.add(f"locals of {frame.name}", repr(names))
            told = told.__cause__ or told.__context__

    def where(self, secret: str) -> list[str]:
        return [where for where, text in self.parts if secret in text]


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Everything that is logged by anybody, at every level."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(handler)
    try:
        yield text
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


TROUBLES: tuple[trouble.Trouble, ...] = (
    trouble.Limited(retry_after=3_600),
    trouble.Struck(),
    trouble.Challenged(),
    trouble.Blocked(),
    trouble.CutOff(),
    trouble.Spoiled(),
    trouble.Redirected(),
)


async def attempt(readable: Readable, doing: Awaitable[Any]) -> None:
    try:
        readable.add("result", repr(await doing))
    except KickError as error:
        readable.add_error(error)


async def log_in(kick: KickStrategy, fetch: Spy, readable: Readable) -> None:
    url = await kick.start_oauth("me")
    readable.add("authorize URL", url)
    sent_back = (await fetch(Request(method="GET", address=url))).header("location") or ""
    said = parse_qs(urlsplit(sent_back).query)
    await attempt(readable, kick.handle_callback("wrong-code", "wrong-state"))
    await attempt(readable, kick.handle_callback(said["code"][0], said["state"][0]))


async def everything(mock: MockKick, store: TokenStore, readable: Readable) -> dict[str, str]:
    """An account's whole life, with every kind of trouble at every place."""
    app = App(client_id=mock.app.client_id, client_secret=mock.app.client_secret, scopes=("user:read", "chat:write"))
    quick = rest.Config(
        sites=mock.sites, rate=10_000.0, backoff=Backoff(base=0.001, cap=0.001), pause=0.01, longest_pause=0.01
    )
    config = Config(provider=PusherApp(endpoints=(endpoint_at(mock.url),)))
    async with AsyncFetcher() as fetcher:
        spy = Spy(fetcher)
        kick = KickStrategy(app, store=store, fetch=spy, config=config, oauth_config=oauth.Config(rest=quick))
        async with kick:
            await log_in(kick, spy, readable)
            await kick.connect()
            await kick.subscribe_to_channel(STREAMER.slug, "me")
            for each in TROUBLES:
                mock.site(KickSite.trouble, Host.API, each)
                await attempt(readable, kick.get("/public/v1/users", username="me"))
                mock.site(KickSite.trouble, Host.ID, each)
                await attempt(readable, kick.refresh_token("me"))
                mock.site(KickSite.no_trouble)
            mock.site(KickSite.expire_tokens)
            message = {"content": "hello", "type": "user", "broadcaster_user_id": STREAMER.user_id}
            await attempt(readable, kick.post("/public/v1/chat", json=message, username="me"))
            mock.site(KickSite.revoke_all)
            await attempt(readable, kick.get("/public/v1/users", username="me"))
            await log_in(kick, spy, readable)
            await attempt(readable, kick.get_access_token("me"))
            readable.add("health", repr(kick.health()))
            readable.add("object", repr(vars(kick)))
            await attempt(readable, kick.revoke_token("me"))
        for part in spy.shown:
            readable.add("shown", part)
    return spy.secrets


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_no_secret_is_seen_anywhere(backend: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    readable = Readable()
    store = TokenStore(tmp_path / "tokens.db", keys=KeyFile(tmp_path / "key"))
    with logged() as log, MockKick() as mock:
        secrets = anyio.run(everything, mock, store, readable, backend=backend)
    readable.add("log", log.getvalue())
    readable.add("store", repr(store) + store.where())
    for path in tmp_path.rglob("*"):
        readable.add(path.name, path.read_bytes().decode("latin-1"))
    out, err = capfd.readouterr()
    readable.add("output", out + err)

    kinds = set(secrets.values())
    assert kinds >= {"client_secret", "code", "code_verifier", "refresh_token", "access_token"}
    assert len(secrets) >= 12
    assert "httpcore" in log.getvalue()
    assert len(readable.parts) > 50
    seen = {(kind, place) for secret, kind in secrets.items() for place in readable.where(secret)}
    assert seen == set()

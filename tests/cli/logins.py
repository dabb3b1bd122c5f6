"""Somebody with a home of their own, and a mock Kick at which they log in; all that they are shown is kept.

The secret of their application, and every token, is a canary: nothing that is shown may have it.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpcore

from kick_io.credentials import TokenStore
from kick_io.mock import MockKick
from kick_io.storage.keys import KeyFile
from kick_proto.endpoints.oauth import App
from kick_proto.secret import Secret
from kick_proto.testing.site.accounts import CAST
from kick_proto.testing.site.answering import KickSite
from kick_proto.testing.site.apps import RegisteredApp
from kick_proto.testing.site.ledger import Lifetimes
from kick_proto.tokens import TokenSet
from tests.cli.processes import Ended, Running, kick

STREAMER, MODERATOR, VIEWER = CAST
CANARY = "canary-7c21"
SCOPES = ("user:read", "channel:read", "chat:write")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        number: int = probe.getsockname()[1]
        return number


class User:
    """Runs commands at the mock; ``shown`` is all that came of them."""

    def __init__(self, mock: MockKick, home: Path) -> None:
        self.mock = mock
        self.home = home
        self.shown: list[str] = []
        self.changes = {"KICK_PROTO_HOME": str(home), "KICK_SITE": mock.http_url}
        self.entrance = self.changes | {
            "KICK_CLIENT_ID": mock.app.client_id,
            "KICK_CLIENT_SECRET": mock.app.client_secret.reveal(),
        }

    def name(self, account: str = "default") -> str:
        """What the store calls an account at the mock."""
        return f"{account} at {self.mock.http_url}"

    def kick(self, *arguments: str, stdin: str | None = None) -> Ended:
        ended = kick(*arguments, changes=self.changes, stdin=stdin)
        self.shown += [ended.out, ended.err]
        return ended

    @contextmanager
    def logging_in(self, *arguments: str, **more: str) -> Iterator[Running]:
        """``kick login``, which is to redirect where the application is registered."""
        where = ("--redirect-uri", self.mock.app.redirect_uri)
        with Running("login", *where, *arguments, changes=self.entrance | more) as running:
            yield running
            self.shown += [*running.lines, *running.errors]

    def store(self) -> TokenStore:
        # As the command finds it: where tests have keyrings of their own, this process would take one of those.
        path = self.home / "tokens.db"
        return TokenStore(path, keys=KeyFile(path.with_name("tokens.db.key")))

    def has_logged_in(self, slug: str = STREAMER.slug, scopes: tuple[str, ...] = SCOPES) -> None:
        """Without a browser, and without a command: what a login leaves behind."""
        issued = self.mock.site(KickSite.grant, slug, scopes, client_id=self.mock.app.client_id)
        assert issued.refresh is not None
        now = datetime.now(UTC)
        tokens = TokenSet(
            access_token=issued.access,
            refresh_token=issued.refresh,
            issued_at=now,
            expires_at=now + timedelta(hours=2),
            scopes=scopes,
        )
        app = self.mock.app
        with self.store() as store:
            store.save(self.name(), tokens)
            store.save_app(self.name(), App(client_id=app.client_id, client_secret=app.client_secret))

    def secrets(self) -> list[str]:
        """The application's secret, and the tokens that are stored."""
        with self.store() as store:
            sets = [tokens for name in store.accounts() if (tokens := store.load(name)) is not None]
        found = [each.access_token.reveal() for each in sets]
        return [CANARY, *found, *(each.refresh_token.reveal() for each in sets if each.refresh_token is not None)]

    def sees_no(self, secrets: list[str]) -> bool:
        return not any(secret in text for text in self.shown for secret in secrets)


@contextmanager
def user(home: Path, lifetimes: Lifetimes | None = None) -> Iterator[User]:
    app = RegisteredApp(
        client_id="01TESTCLIENT",
        client_secret=Secret(f"{CANARY}-secret"),
        redirect_uris=(f"http://localhost:{free_port()}/callback",),
    )
    with MockKick(app=app, lifetimes=lifetimes) as mock:
        somebody = User(mock, home)
        yield somebody
        assert somebody.sees_no([CANARY])


def address_in(running: Running) -> str:
    """The address that ``kick login`` asks to open."""
    return running.error(lambda line: "/oauth/authorize?" in line).strip()


def agree(url: str) -> str:
    """Be a browser at the authorize page; where it is sent back to."""
    answer = httpcore.request("GET", url)
    assert answer.status == 302, answer.content
    return dict(answer.headers)[b"location"].decode()


def visit(url: str) -> tuple[int, str]:
    """Be a browser at an address: the status, and the page."""
    assert urlsplit(url).hostname == "localhost"
    answer = httpcore.request("GET", url)
    return answer.status, answer.content.decode()

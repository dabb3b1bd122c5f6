"""Who asks over HTTP, and which Kick: an account by its name, its stored tokens, and the hosts that are asked.

An account at another Kick than Kick's own (``--site``) is another account, ``default at http://127.0.0.1:6001``. So a
mock neither sees a token of Kick's nor can it end a login there.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import click

from kick_io.calling import BlockingCaller
from kick_io.calls.vault import Vault
from kick_io.cli.options import DEFAULT_ACCOUNT
from kick_io.cli.output.sanitize import visible
from kick_io.cli.stopping import Stop, leave
from kick_io.credentials import TokenStore
from kick_io.http import Fetcher
from kick_proto import oauth, rest
from kick_proto.account import Account
from kick_proto.endpoints.call import Sites
from kick_proto.endpoints.oauth import App
from kick_proto.errors import LocalProtocolError, Unauthorized

__all__ = ["Identity", "asking", "asking_as", "nobody", "store", "tell"]


class Identity(NamedTuple):
    """An account, by the user's name for it, and the base URL of the Kick that it is at; None is Kick's own."""

    account: str
    site: str | None = None

    @property
    def name(self) -> str:
        """What it is called where tokens are stored."""
        return self.at_site(self.account)

    def at_site(self, name: str) -> str:
        """A name that means something at that Kick alone, for a place where several may meet."""
        return name if self.site is None else f"{name} at {self.site.rstrip('/')}"

    @property
    def sites(self) -> Sites:
        """Where the hosts are.

        Raises:
            LocalProtocolError: there can be none.
        """
        if self.site is None:
            return Sites()
        # Only here: the mock's own words are of no use to who asks Kick itself.
        from kick_proto.testing.site.exchange import sites_at  # noqa: PLC0415

        try:
            return sites_at(self.site.rstrip("/"))
        except ValueError:
            raise LocalProtocolError(f"--site is a URL like http://127.0.0.1:6001, not {self.site!r}") from None

    @property
    def login_command(self) -> str:
        """How to log in as it."""
        words = ["kick login", *([self.account] if self.account != DEFAULT_ACCOUNT else [])]
        return " ".join(words + ([f"--site {self.site}"] if self.site is not None else []))


def tell(sentence: str) -> None:
    """Say something that is not the answer."""
    click.echo(visible(sentence), err=True)


def store() -> TokenStore:
    """The user's store of tokens; where its key is put is told."""
    return TokenStore(notice=tell)


def nobody(who: Identity, others: tuple[str, ...] = ()) -> Unauthorized:
    """That nobody has logged in under the name."""
    known = f" (there are: {', '.join(others)})" if others else ""
    return Unauthorized(f"nobody has logged in as {who.name!r}{known}: {who.login_command}", status=401)


@contextmanager
def asking(who: Identity, app: App | None, tokens: TokenStore | None, stop: Stop) -> Iterator[BlockingCaller]:
    """Somebody who asks, and waits for each answer; Ctrl-C ends the process, for the store survives that.

    Raises:
        StoreError: the store cannot be used.
    """
    account = Account(app, oauth.Config(rest=rest.Config(sites=who.sites)), rng=random.Random())
    with (
        stop.calls(leave),
        Fetcher() as fetch,
        BlockingCaller(account, fetch, Vault(tokens, who.name)) as kick,
    ):
        yield kick


@contextmanager
def asking_as(who: Identity, stop: Stop) -> Iterator[BlockingCaller]:
    """The same, for who has logged in.

    Raises:
        Unauthorized: nobody has, under that name; the message says what to do.
        StoreError: the store cannot be used.
    """
    with store() as tokens, asking(who, tokens.load_app(who.name), tokens, stop) as kick:
        if kick.account.tokens is None:
            raise nobody(who, tokens.accounts())
        yield kick

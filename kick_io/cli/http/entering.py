"""What ``kick login``, ``kick logout`` and ``kick whoami`` do.

The application that an account logs in with is kept beside its tokens, encrypted likewise, because its secret renews
them. It is kept once the login has come about: a login that fails changes nothing.
"""

import asyncio
import json
import os
import random
import sys
import threading
import webbrowser
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Literal, NamedTuple, TypeAlias

import anyio
import click
import msgspec

from kick_io.calling import calling
from kick_io.calls.vault import Vault
from kick_io.cli.http import identity
from kick_io.cli.http.identity import Identity, tell
from kick_io.cli.options import DEFAULT_ACCOUNT
from kick_io.cli.output.sanitize import visible
from kick_io.cli.output.tables import table
from kick_io.cli.output.words import duration_in_words
from kick_io.cli.stopping import Stop
from kick_io.credentials import TokenStore
from kick_io.http import AsyncFetcher
from kick_io.login import listen, pasted
from kick_proto import oauth, rest
from kick_proto.account import Account
from kick_proto.endpoints.oauth import App
from kick_proto.endpoints.public import users
from kick_proto.errors import ApiError, KickError, LocalProtocolError, LoginFailed, TransportError
from kick_proto.secret import Secret
from kick_proto.tokens import TokenSet

__all__ = ["SECRET", "Way", "Wishes", "forget", "log_in", "log_out", "show"]

SECRET = "KICK_CLIENT_SECRET"
"""The variable that has the application's secret; an argument would be seen by everybody on the machine."""

REDIRECT_URI = "http://localhost:38080/callback"
SCOPES = ("user:read", "channel:read", "chat:write")
"""What ``kick`` itself needs."""

Way: TypeAlias = Literal["browser", "address", "paste", "app"]


class Wishes(NamedTuple):
    """What the user said of the login; None is what the last login or the defaults are to say."""

    client_id: str | None
    scopes: str | None
    redirect_uri: str | None
    seconds: float


def log_in(who: Identity, wishes: Wishes, way: Way, stop: Stop) -> None:
    """Log in, and keep what comes of it.

    Raises:
        LoginFailed: it came to nothing.
        LocalProtocolError: something is missing, or cannot be; nobody has been asked.
        StoreError: the store cannot be used.
    """
    with identity.store() as store:
        kept = store.load_app(who.name) or store.load_app(who.at_site(DEFAULT_ACCOUNT))
        app = _app(wishes, kept, stop)
        tokens, username = WAYS[way](who, app, store, wishes, stop)
        store.save_app(who.name, app)
        click.echo(visible(f"{_greeting(who, tokens, username)}; {store.where()}"))


def _greeting(who: Identity, tokens: TokenSet, username: str | None) -> str:
    whom = "the application itself" if tokens.kind == "app" else username or "somebody whose name it may not see"
    scopes = f", with {' '.join(tokens.scopes)}" if tokens.scopes else ""
    return f"logged in as {whom} (account {who.name}){scopes}"


# The application


def _app(wishes: Wishes, kept: App | None, stop: Stop) -> App:
    """The application to log in with: as it was said, else as it was the last time, else as it is entered.

    Raises:
        LocalProtocolError: something is missing, or cannot be.
    """
    client_id = wishes.client_id or (kept.client_id if kept is not None else None)
    client_id = client_id or _entered("the application's client id", "KICK_CLIENT_ID", "seen", stop)
    known = kept if kept is not None and kept.client_id == client_id else None
    secret = Secret(os.environ.get(SECRET, "")) or (known.client_secret if known is not None else None)
    secret = secret or Secret(_entered("its client secret", SECRET, "hidden", stop))
    try:
        return App(
            client_id=client_id,
            client_secret=secret,
            redirect_uri=wishes.redirect_uri or (known.redirect_uri if known is not None else REDIRECT_URI),
            scopes=_scopes(wishes.scopes) or (known.scopes if known is not None else SCOPES),
        )
    except ValueError as error:
        raise LocalProtocolError(str(error)) from None


def _scopes(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys((text or "").replace(",", " ").split()))


def _entered(what: str, variable: str, echo: Literal["seen", "hidden"], stop: Stop) -> str:
    """What somebody enters at a terminal.

    Raises:
        LocalProtocolError: there is no terminal, or nothing was entered.
    """
    if not sys.stdin.isatty():
        raise LocalProtocolError(f"{what} is missing: set {variable}")
    try:
        # The one place where Ctrl-C raises: a hidden prompt must give the terminal its echo back.
        with stop.calls(_interrupt):
            return str(click.prompt(what, hide_input=echo == "hidden", err=True)).strip()
    except click.Abort:
        raise LocalProtocolError(f"{what} is missing: enter it, or set {variable}") from None


def _interrupt() -> None:
    raise KeyboardInterrupt


# The ways to log in


Entered: TypeAlias = tuple[TokenSet, str | None]
"""The tokens, and whom they belong to, where that can be seen."""


def _by_browser(who: Identity, app: App, store: TokenStore, wishes: Wishes, stop: Stop) -> Entered:
    return anyio.run(partial(_redirected, who, app, store, wishes, stop, webbrowser.open))


def _by_address(who: Identity, app: App, store: TokenStore, wishes: Wishes, stop: Stop) -> Entered:
    return anyio.run(partial(_redirected, who, app, store, wishes, stop, None))


async def _redirected(
    who: Identity, app: App, store: TokenStore, wishes: Wishes, stop: Stop, browse: Callable[[str], object] | None
) -> Entered:
    loop = asyncio.get_running_loop()
    config = oauth.Config(rest=rest.Config(sites=who.sites), login_timeout=wishes.seconds)
    account = Account(app, config, rng=random.Random())
    with anyio.CancelScope() as scope, stop.calls(lambda: loop.call_soon_threadsafe(scope.cancel)):
        async with (
            AsyncFetcher() as fetch,
            calling(account, fetch, Vault(store, who.name)) as kick,
            listen(app.redirect_uri, timeout=wishes.seconds) as redirect,
        ):
            _show_way(kick.begin(), browse)
            query = await redirect.arrived()
            try:
                tokens = await kick.answer(query)
            except KickError as error:
                await redirect.finish(str(error), ok=False)
                raise
            username = None
            if _can_see_name(tokens):
                with suppress(ApiError, TransportError):
                    username = (await kick.call(users.own())).name
            await redirect.finish(f"You are {_greeting(who, tokens, username)}. You can close this window.", ok=True)
            return tokens, username
    raise LoginFailed("nobody has logged in: it was interrupted", code="interrupted")


def _show_way(url: str, browse: Callable[[str], object] | None) -> None:
    if browse is None:
        tell("open this address in a browser on this machine:")
    else:
        tell("a browser should open now; if none does, open this address in one on this machine:")
        # On a thread that need not come back: some browsers stay in the foreground until they are closed.
        threading.Thread(target=_browse, args=(browse, url), name="kick browser", daemon=True).start()
    tell(url)


def _browse(browse: Callable[[str], object], url: str) -> None:
    with suppress(OSError, webbrowser.Error):
        if browse(url):
            return
    tell("no browser could be started here: open that address yourself, or log in with --paste")


def _by_pasting(who: Identity, app: App, store: TokenStore, wishes: Wishes, stop: Stop) -> Entered:
    with identity.asking(who, app, store, stop) as kick:
        tell("open this address in any browser, and log in there:")
        tell(kick.begin())
        tell("then paste the address that the browser ended up at, even if it shows an error there:")
        tokens = kick.answer(pasted(sys.stdin.readline()))
        username = None
        if _can_see_name(tokens):
            with suppress(ApiError, TransportError):
                username = kick.call(users.own()).name
        return tokens, username


def _by_itself(who: Identity, app: App, store: TokenStore, wishes: Wishes, stop: Stop) -> Entered:
    with identity.asking(who, app, store, stop) as kick:
        return kick.request_app_token(), None


WAYS: Mapping[Way, Callable[[Identity, App, TokenStore, Wishes, Stop], Entered]] = {
    "browser": _by_browser,
    "address": _by_address,
    "paste": _by_pasting,
    "app": _by_itself,
}
"""How a login comes about."""


def _can_see_name(tokens: TokenSet) -> bool:
    return tokens.kind == "user" and "user:read" in tokens.scopes


# Afterwards


def log_out(who: Identity, stop: Stop) -> None:
    """Revoke the tokens, and forget them and their application.

    Raises:
        Unauthorized: nobody has logged in under that name.
        ApiError, TransportError: Kick did not confirm it; everything is kept.
    """
    with identity.asking_as(who, stop) as kick:
        try:
            kick.revoke()
        except (ApiError, TransportError) as error:
            raise TransportError(
                f"{error}; so the tokens are kept: try again, or forget them here alone with --keep-remote"
            ) from None
    with identity.store() as store:
        store.delete_app(who.name)
    click.echo(visible(f"logged out {who.name}: its tokens are good for nothing any more, and forgotten"))


def forget(who: Identity) -> None:
    """Forget the tokens and their application here, and leave them valid.

    Raises:
        Unauthorized: nobody has logged in under that name.
    """
    with identity.store() as store:
        known = store.delete(who.name)
        known = store.delete_app(who.name) or known
        if not known:
            raise identity.nobody(who, store.accounts())
    click.echo(visible(f"forgot {who.name}: its tokens are good until they expire, wherever else they are"))


def show(who: Identity, form: Literal["text", "json"], stop: Stop) -> None:
    """Print who is logged in, with which scopes, until when.

    Raises:
        Unauthorized: nobody is, or no longer.
        ApiError, TransportError: the tokens have ended, and cannot be renewed now.
    """
    with identity.asking_as(who, stop) as kick:
        tokens = kick.tokens()
        profile = kick.call(users.own()) if _can_see_name(tokens) else None
    if form == "json":
        told = {
            "account": who.name,
            "kind": tokens.kind,
            "user": None if profile is None else {"id": profile.user_id, "name": profile.name},
            "scopes": tokens.scopes,
            "expires_at": tokens.expires_at,
            "refresh_expires_at": tokens.refresh_expires_at,
        }
        click.echo(json.dumps(msgspec.to_builtins(told), separators=(",", ":")))
        return
    named = "the application itself" if tokens.kind == "app" else "unknown: it has no scope user:read"
    rows = [
        ("account", who.name),
        ("user", named if profile is None else f"{profile.name} ({profile.user_id})"),
        ("scopes", " ".join(tokens.scopes) or "none"),
        ("valid", _until(tokens)),
    ]
    for line in table([], rows):
        click.echo(line)


def _until(tokens: TokenSet) -> str:
    if tokens.expires_at is None:
        return "for a time that was not told"
    left = duration_in_words(max(tokens.expires_at - datetime.now(UTC), timedelta(0)))
    renewed = ", then renewed" if tokens.refresh_token is not None or tokens.kind == "app" else ""
    return f"for {left}{renewed}"

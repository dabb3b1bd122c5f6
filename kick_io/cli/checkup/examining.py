"""What ``kick doctor`` does: every probe in turn, and what they found in words, as soon as it can be told.

What is asked over HTTP is asked once, with short deadlines; a token that is about to end is renewed, as any command
would do.
"""

import json
import random
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple

import click
import msgspec

from kick_io.calling import BlockingCaller
from kick_io.calls.vault import Vault
from kick_io.cli.checkup import diagnosis, probing
from kick_io.cli.checkup.diagnosis import Check, Finding, Line
from kick_io.cli.http import identity, resolving
from kick_io.cli.http.identity import Identity
from kick_io.cli.output.sanitize import visible
from kick_io.cli.stopping import Stop, leave
from kick_io.credentials import TokenStore
from kick_io.http import Fetcher
from kick_proto import oauth, rest
from kick_proto.account import Account
from kick_proto.backoff import Backoff
from kick_proto.errors import (
    EdgeBlocked,
    KickError,
    LocalProtocolError,
    NotFound,
    StoreError,
    TransportError,
    Unauthorized,
)
from kick_proto.http import Request, Response, Timeouts
from kick_proto.outcomes import Outcome, classify
from kick_proto.pusher import App
from kick_proto.slugs import parse_slug
from kick_proto.tokens import TokenSet

__all__ = ["Patient", "examine"]

TIMEOUTS = Timeouts(connect=5.0, read=5.0, total=8.0)
HOLD = 12.0
"""Seconds that a call may wait before its one try."""
ASKED = "/public/v1/public-key"
"""What the API tells everybody."""


class Patient(NamedTuple):
    """What is examined: an account and its Kick, the app on the socket, and a channel's name."""

    who: Identity
    app: App
    name: str | None


def examine(patient: Patient, form: Literal["text", "json"], stop: Stop) -> bool:
    """Run all checks, print a line for each, and say whether nothing is bad.

    Raises:
        LocalProtocolError: it was asked for what cannot be.
    """
    well = True
    with stop.calls(leave), Fetcher() as fetch:
        for findings in _checks(patient, fetch):
            lines = diagnosis.diagnose(findings)
            well = diagnosis.is_well(lines) and well
            for line in lines:
                click.echo(_json(line) if form == "json" else _text(line))
    return well


def _json(line: Line) -> str:
    return json.dumps(msgspec.to_builtins(line), separators=(",", ":"))


def _text(line: Line) -> str:
    advice = f" -> {line.advice}" if line.advice else ""
    return visible(f"{line.mark:<8} {line.check:<10} {line.sentence}{advice}")


def _checks(patient: Patient, fetch: Fetcher) -> Iterator[list[Finding]]:
    """The findings, in groups that can only be judged together."""
    who = patient.who
    base = who.sites.api
    yield list(probing.endpoints(patient.app))
    yield [_ids(patient, fetch)]
    yield _api(base, fetch)
    yield from _login(who, fetch)


def _caller(who: Identity, fetch: Fetcher, store: TokenStore | None = None) -> BlockingCaller:
    config = rest.Config(
        sites=who.sites, timeouts=TIMEOUTS, hold=HOLD, pause=1.0, longest_pause=2.0, backoff=Backoff(retries=0)
    )
    app = store.load_app(who.name) if store is not None else None
    account = Account(app, oauth.Config(rest=config), rng=random.Random())
    return BlockingCaller(account, fetch, Vault(store, who.name))


def _ids(patient: Patient, fetch: Fetcher) -> Finding:
    if patient.name is None:
        return Finding(Check.IDS, "unasked")
    try:
        slug = parse_slug(patient.name)
    except LocalProtocolError as error:
        return Finding(Check.IDS, "wrong", detail=str(error))
    try:
        with _caller(patient.who, fetch) as kick:
            user = resolving.user(kick, slug, patient.who)
    except NotFound:
        return Finding(Check.IDS, "nobody", slug)
    except EdgeBlocked:
        return Finding(Check.IDS, "blocked", slug)
    except KickError as error:
        return Finding(Check.IDS, "unanswered", slug, str(error).removeprefix(f"{slug}: "))
    return Finding(Check.IDS, "known", slug, f"{user.channel_id}:{user.chatroom_id}")


def _api(base: str, fetch: Fetcher) -> list[Finding]:
    request = Request(method="GET", address=base + ASKED, headers=(("accept", "application/json"),), timeouts=TIMEOUTS)
    try:
        response = fetch(request)
    except TransportError as error:
        return [Finding(Check.API, "unreachable", base, str(error)), diagnosis.clock(None)]
    now = time.time()
    failure = classify(response, now)
    if failure is None:
        found = Finding(Check.API, "answers", base)
    elif failure.outcome is Outcome.EDGE_BLOCKED:
        found = Finding(Check.API, "blocked", base)
    else:
        found = Finding(Check.API, "failing", base, failure.message)
    return [found, diagnosis.clock(_ahead(response, now))]


def _ahead(response: Response, unix_now: float) -> float | None:
    """How many seconds this machine's clock is ahead of the server's, as far as that was told."""
    try:
        return unix_now - parsedate_to_datetime(response.header("date") or "").timestamp()
    except (ValueError, OverflowError):
        return None


def _login(who: Identity, fetch: Fetcher) -> Iterator[list[Finding]]:
    nothing = Finding(Check.SCOPES, "unasked")
    with identity.store() as store:
        try:
            yield [Finding(Check.STORE, "sound", detail=store.where())]
            with _caller(who, fetch, store) as kick:
                yield _token(kick, who)
        except StoreError as error:
            yield [Finding(Check.STORE, "unusable", detail=str(error)), Finding(Check.TOKEN, "unread"), nothing]


def _token(kick: BlockingCaller, who: Identity) -> list[Finding]:
    nothing = Finding(Check.SCOPES, "unasked")
    if kick.account.tokens is None:
        return [Finding(Check.TOKEN, "none", who.name, who.login_command), nothing]
    try:
        tokens = kick.tokens()
        known = kick.introspect()
    except Unauthorized:
        return [Finding(Check.TOKEN, "invalid", who.name, who.login_command), nothing]
    except StoreError:
        raise
    except KickError as error:
        return [Finding(Check.TOKEN, "unanswered", who.name, str(error)), nothing]
    if not known.active:
        return [Finding(Check.TOKEN, "invalid", who.name, who.login_command), nothing]
    valid = Finding(Check.TOKEN, "valid", who.name, _until(tokens))
    return [valid, nothing if tokens.kind == "app" else diagnosis.scopes(who.name, known.scopes or tokens.scopes)]


def _until(tokens: TokenSet) -> str:
    if tokens.expires_at is None:
        return "for a time that was not told"
    return f"until {tokens.expires_at:%Y-%m-%d %H:%M:%S} UTC"

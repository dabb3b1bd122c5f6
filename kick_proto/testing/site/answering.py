"""The HTTP side of the mock Kick: four hosts that answer one request after the other.

``KickSite`` is a machine without timers: ``answer`` takes a request and gives the reply at once, with the seconds after
which it is to be sent. What a call does on the socket comes out of ``take_frames``. All chance comes from ``rng``, and
what a peer sends never raises.

    site = KickSite(rng=random.Random(7))
    reply = site.answer(now, unix_now, SiteRequest(method="GET", target="/site/api/v2/channels/velvet-otter"))

Commands take ``now`` first, so that a driver can carry them out: ``mock.site(KickSite.expire_tokens)``.
"""

from collections import deque
from collections.abc import Callable, Iterable

import msgspec

from kick_proto.endpoints.call import Host
from kick_proto.errors import LocalProtocolError
from kick_proto.frames import Frame
from kick_proto.http import Response
from kick_proto.machine import Rng
from kick_proto.testing.site.accounts import CAST, Account
from kick_proto.testing.site.answers import RefusedError, forbidden, http_date, unauthorized, unknown_route
from kick_proto.testing.site.apps import APP, RegisteredApp
from kick_proto.testing.site.exchange import Cut, SiteReply, SiteRequest, split_target
from kick_proto.testing.site.ledger import NOBODY, Issued, Ledger, Lifetimes, Token, remember
from kick_proto.testing.site.routes import Route, Who, find
from kick_proto.testing.site.state import Redemption, State
from kick_proto.testing.site.trouble import Trouble, Troubles
from kick_proto.testing.site.visit import Visit
from kick_proto.testing.traffic import chance, stamps

__all__ = ["MOST_LOGGED", "Exchange", "KickSite"]

MOST_LOGGED = 10_000
"""Exchanges that the log keeps; older ones are forgotten."""

LONGEST_LOGGED = 200
"""Characters of a path that the log keeps."""

_SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class Exchange(msgspec.Struct, frozen=True):
    """One line of the log. There is no query in it and no header: those hold secrets.

    ``path`` is the path at ``host``; ``status`` is 0 where the connection was cut before the reply.
    """

    at: float
    method: str
    host: Host | None
    path: str
    status: int


class KickSite:
    """See the module's docstring.

    ``consent`` is the slug of the account that is logged in at the authorize page, the first account's by default.
    ``mint`` makes codes and tokens: texts that cannot be guessed, and never the same twice; by default they are drawn
    from ``rng`` and numbered.
    """

    def __init__(
        self,
        *,
        rng: Rng,
        accounts: Iterable[Account] = CAST,
        apps: Iterable[RegisteredApp] = (APP,),
        lifetimes: Lifetimes | None = None,
        mint: Callable[[], str] | None = None,
    ) -> None:
        self._rng = rng
        self._minted = 0
        self._mint = mint
        cast = tuple(accounts)
        ledger = Ledger(self._new_token, lifetimes or Lifetimes())
        self._state = State(rng, cast, apps, ledger, cast[0].slug if cast else None)
        self._troubles = Troubles(rng)
        self._log: deque[Exchange] = deque(maxlen=MOST_LOGGED)

    def answer(self, now: float, unix_now: float, request: SiteRequest) -> SiteReply:
        """Do what is asked, or what goes wrong instead."""
        host, path, query = split_target(request.target)
        reply = self._reply(now, unix_now, request, host, path, query)
        status = 0 if reply.cut is Cut.BEFORE else reply.response.status
        self._log.append(Exchange(now, request.method, host, path[:LONGEST_LOGGED], status))
        dated = Response(
            reply.response.status, (*reply.response.headers, ("date", http_date(unix_now))), reply.response.body
        )
        return msgspec.structs.replace(reply, response=dated)

    def take_frames(self) -> list[Frame]:
        """Take what is to be published on the socket."""
        frames = list(self._state.frames)
        self._state.frames.clear()
        return frames

    # What can be seen

    def requests(self, host: Host | None = None) -> tuple[Exchange, ...]:
        """What was asked so far, oldest first: everywhere, or of one host."""
        return tuple(each for each in self._log if host in (None, each.host))

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Who is here."""
        return tuple(self._state.accounts)

    # Commands

    def put(self, now: float, account: Account) -> None:
        """Add an account, or put it in the place of the one with the same user id."""
        self._state.put(account)

    def log_in(self, now: float, slug: str) -> None:
        """From now on this account agrees at the authorize page.

        Raises:
            LocalProtocolError: there is no such account.
        """
        if self._state.account_of_slug(slug) is None:
            raise LocalProtocolError(f"there is no account {slug!r}: put it there first")
        self._state.consent = slug

    def deny(self, now: float) -> None:
        """From now on whoever comes to the authorize page presses "deny"."""
        self._state.consent = None

    def grant(self, now: float, slug: str, scopes: Iterable[str], *, client_id: str = APP.client_id) -> Issued:
        """Give out a user's tokens without a login.

        Raises:
            LocalProtocolError: there is no such account, or no such application.
        """
        account = self._state.account_of_slug(slug)
        if account is None or client_id not in self._state.apps:
            raise LocalProtocolError(f"there is no account {slug!r} or no application {client_id!r}")
        return self._state.ledger.issue_user(now, client_id, account.user_id, tuple(scopes))

    def grant_app(self, now: float, *, client_id: str = APP.client_id) -> Issued:
        """Give out an application's own token.

        Raises:
            LocalProtocolError: there is no such application.
        """
        if client_id not in self._state.apps:
            raise LocalProtocolError(f"there is no application {client_id!r}")
        return self._state.ledger.issue_app(now, client_id)

    def expire_tokens(self, now: float) -> None:
        """Let every access token have expired; refresh tokens stay good."""
        self._state.ledger.expire_access(now)

    def expire_refresh_tokens(self, now: float) -> None:
        """Let every refresh token have expired."""
        self._state.ledger.expire_refresh(now)

    def revoke_all(self, now: float) -> None:
        """Forget every code and token."""
        self._state.ledger.revoke_all()

    def redeem(self, now: float, slug: str, reward_id: str, by: str, *, unix_now: float, text: str = "") -> str:
        """Let somebody take a reward of a channel; the redemption's id.

        Raises:
            LocalProtocolError: there is no such reward, channel or account.
        """
        owner, taker = self._state.account_of_slug(slug), self._state.account_of_slug(by)
        reward = self._state.rewards.get(owner.user_id, {}).get(reward_id) if owner else None
        if owner is None or taker is None or reward is None:
            raise LocalProtocolError(f"{by!r} cannot take the reward {reward_id!r} of {slug!r}: something is missing")
        redemption = Redemption(
            id=chance.ulid(self._rng, unix_now),
            reward=reward,
            user_id=taker.user_id,
            user_input=text,
            redeemed_at=stamps.seconds(unix_now),
        )
        remember(self._state.redemptions, redemption.id, (owner.user_id, redemption))
        return redemption.id

    def trouble(self, now: float, host: Host, trouble: Trouble, *, times: int = 1, path: str = "") -> None:
        """Let the next ``times`` requests to a host have this trouble, those to paths that begin with ``path``."""
        self._troubles.plan(host, trouble, times, path)

    def trouble_by_chance(self, now: float, host: Host, trouble: Trouble, probability: float) -> None:
        """Let every request to a host have this trouble with that probability."""
        self._troubles.expect(host, trouble, probability)

    def no_trouble(self, now: float, *hosts: Host) -> None:
        """Let all go well at these hosts, or at all of them."""
        for host in hosts or Host:
            self._troubles.clear(host)

    # How it is answered

    def _reply(
        self, now: float, unix_now: float, request: SiteRequest, host: Host | None, path: str, query: str
    ) -> SiteReply:
        if host is None:
            return SiteReply(response=unknown_route(None))

        def perform() -> Response:
            return self._perform(now, unix_now, request, host, path, query)

        trouble = self._troubles.take(host, path)
        return SiteReply(response=perform()) if trouble is None else trouble.shape(unix_now, request, perform)

    def _perform(
        self, now: float, unix_now: float, request: SiteRequest, host: Host, path: str, query: str
    ) -> Response:
        found = find(host, request.method, path)
        if found is None:
            return unknown_route(host)
        route, params = found
        visit = Visit(now=now, unix_now=unix_now, host=host, request=request, raw_query=query, params=params)
        try:
            token = self._token_for(route, visit)
            return route.act(self._state, msgspec.structs.replace(visit, token=token))
        except RefusedError as refused:
            return refused.response

    def _token_for(self, route: Route, visit: Visit) -> Token:
        """The token that the route needs; nobody's where it needs none.

        Raises:
            RefusedError: there is none, it is of the wrong kind, or it lacks the scope.
        """
        if route.who is Who.ANYBODY:
            return NOBODY
        token = self._state.ledger.find(visit.now, visit.bearer)
        if token is None or (route.who is Who.USER and token.user_id is None):
            raise RefusedError(unauthorized())
        if token.user_id is not None and route.scope is not None and route.scope not in token.scopes:
            raise RefusedError(forbidden())
        return token

    def _new_token(self) -> str:
        if self._mint is not None:
            return self._mint()
        self._minted += 1
        return f"{chance.token(self._rng, _SIGNS, 42)}{self._minted:06d}"

"""Machines that call over HTTP, on a virtual clock, against a small Kick: an OAuth server and one path of an API."""

import json
import random
from base64 import urlsafe_b64encode
from collections import deque
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import parse_qs, parse_qsl, urlsplit

import msgspec

from kick_proto.endpoints.call import Auth, Call, Host
from kick_proto.http import Fetch, HttpMachine, HttpOutput, Request, Responded, Response, Unanswered
from kick_proto.testing.world import UNIX_EPOCH

__all__ = ["CUT", "ENTROPY", "NEVER", "SILENCE", "Exchanges", "Kick", "Lost", "body_of", "error", "read", "thing"]

P = ParamSpec("P")
R = TypeVar("R")
ENTROPY = random.Random(7).randbytes(64)


class Lost(msgspec.Struct, frozen=True):
    """There is no answer: the request left, or it never did."""

    sent: bool


CUT, NEVER, SILENCE = Lost(sent=True), Lost(sent=False), None
"""A connection that is cut, one that cannot be had, and nothing at all."""


def error(status: int, code: str = "x", description: str | None = None) -> Response:
    body = {"error": code} | ({} if description is None else {"error_description": description})
    return Response(status, (("content-type", "application/json"),), json.dumps(body).encode())


def body_of(value: object) -> Response:
    return Response(200, (("content-type", "application/json"),), json.dumps(value).encode())


def read(response: Response) -> str:
    """What the API's one path says: the token that it was asked with."""
    return response.body.decode()


def thing(auth: Auth = Auth.NEEDED, **more: Any) -> Call[str]:
    return Call(host=Host.API, method="GET", path="/thing", parse=read, auth=auth, repeatable=True, **more)


class Kick:
    """Issues codes and tokens, checks PKCE for real, and lets into its API who has a token that is valid.

    ``faults`` are what the OAuth server says to the next requests in place of an answer, ``api_faults`` the same of the
    API; ``used`` has the access tokens that were seen there.
    """

    def __init__(self, lifetime: object = 7_200) -> None:
        self.lifetime = lifetime
        self.faults: deque[Response | Lost | None] = deque()
        self.api_faults: deque[Response | Lost | None] = deque()
        self.valid: set[str] = set()
        self.refreshing: set[str] = set()
        self.used: list[str | None] = []
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._count = 0

    def authorize(self, url: str) -> str:
        """The user says yes; gives the query string of the redirect."""
        query = dict(parse_qsl(urlsplit(url).query))
        code = f"code-{len(self._codes)}"
        self._codes[code] = query
        return f"code={code}&state={query['state']}"

    def hear(self, request: Request) -> None:
        """A request has come; its answer may take a while."""

    def answer(self, request: Request) -> Response | Lost | None:
        path = urlsplit(request.address).path
        if path == "/thing":
            return self._thing(request)
        form = {name: values[0] for name, values in parse_qs(request.content().decode()).items()}
        self.asked.append(form.get("grant_type", path))
        if self.faults:
            return self.faults.popleft()
        if path == "/oauth/revoke":
            token = form.get("token") or dict(parse_qsl(urlsplit(request.url()).query))["token"]
            self.valid.discard(token)
            self.refreshing.discard(token)
            return Response(200, (("content-type", "text/plain"),), b"OK")
        if path == "/oauth/token/introspect":
            return body_of({"data": {"active": self._bearer(request) in self.valid}, "message": "OK"})
        return GRANTS[form["grant_type"]](self, form)

    def _thing(self, request: Request) -> Response | Lost | None:
        token = self._bearer(request)
        self.used.append(token)
        if self.api_faults:
            return self.api_faults.popleft()
        if token in self.valid:
            return Response(200, (("content-type", "text/plain"),), (token or "").encode())
        return error(401, "Unauthorized")

    def _bearer(self, request: Request) -> str | None:
        header = dict(request.header_lines()).get("authorization")
        return None if header is None else header.removeprefix("Bearer ")

    def _exchange(self, form: dict[str, str]) -> Response:
        asked = self._codes.pop(form["code"], None)
        hashed = urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if asked is None or hashed != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return error(400, "invalid_grant", "The provided authorization grant is invalid")
        return self._issue()

    def _refresh(self, form: dict[str, str]) -> Response:
        return self._issue() if form["refresh_token"] in self.refreshing else error(400, "invalid_grant", "it is spent")

    def _app(self, form: dict[str, str]) -> Response:
        body: dict[str, object] = json.loads(self._issue().body)
        return body_of({name: body[name] for name in ("access_token", "token_type", "expires_in")})

    def _issue(self) -> Response:
        self._count += 1
        access, refresh = f"access-{self._count}", f"refresh-{self._count}"
        self.valid.add(access)
        self.refreshing.add(refresh)
        return body_of(
            {
                "access_token": access, "refresh_token": refresh, "token_type": "Bearer",
                "expires_in": self.lifetime, "scope": "user:read chat:write",
            }
        )  # fmt: skip


GRANTS: dict[str, Callable[[Kick, dict[str, str]], Response]] = {
    "authorization_code": Kick._exchange,
    "refresh_token": Kick._refresh,
    "client_credentials": Kick._app,
}


class Exchanges:
    """The driver of one machine: answers come at once, unless they never do."""

    def __init__(self, machine: HttpMachine[Any], kick: Kick) -> None:
        self.machine = machine
        self.kick = kick
        self.now = 0.0
        self.outputs: list[tuple[float, HttpOutput]] = []

    @property
    def unix_now(self) -> float:
        return UNIX_EPOCH + self.now

    @property
    def fetches(self) -> list[tuple[float, Request]]:
        """What was asked, and when."""
        return [(at, output.request) for at, output in self.outputs if isinstance(output, Fetch)]

    def call(self, command: Callable[Concatenate[float, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        result = command(self.now, *args, **kwargs)
        self._settle()
        return result

    def advance(self, seconds: float) -> None:
        until = self.now + seconds
        self._settle()
        while (at := self.machine.poll_timeout()) is not None and at <= until:
            self.now = max(self.now, at)
            self.machine.handle_timeout(self.now)
            self._settle()
        self.now = until

    def respond(self, ref: int, response: Response) -> None:
        """An answer that comes late, to whoever still waits for it."""
        self.machine.handle_input(self.now, Responded(ref, response, self.unix_now))
        self._settle()

    def events(self) -> list[Any]:
        return self.machine.take_events()

    def _settle(self) -> None:
        """As drivers do: all that is wanted goes out before the first answer to any of it comes."""
        asked: deque[Fetch] = deque()
        while True:
            while (output := self.machine.poll_output()) is not None:
                self.outputs.append((self.now, output))
                if isinstance(output, Fetch):
                    self.kick.hear(output.request)
                    asked.append(output)
            if not asked:
                return
            fetch = asked.popleft()
            said = self.kick.answer(fetch.request)
            if isinstance(said, Response):
                self.machine.handle_input(self.now, Responded(fetch.ref, said, self.unix_now))
            elif said is not None:
                self.machine.handle_input(self.now, Unanswered(fetch.ref, "it was cut", said.sent))

"""A client of HTTP calls on a virtual clock, and a server that answers what it was told to answer."""

import random
from collections import deque
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

import msgspec

from kick_proto.backoff import Backoff
from kick_proto.endpoints.call import Call, Host, Method
from kick_proto.http import Fetch, Request, Responded, Response, Unanswered
from kick_proto.machine import Cancel
from kick_proto.outcomes import Failure
from kick_proto.rest import Client, Config, Refused, Replied
from kick_proto.testing.world import UNIX_EPOCH

__all__ = [
    "CUT",
    "NEVER",
    "OK",
    "SILENCE",
    "STEADY",
    "Answer",
    "Lost",
    "Stage",
    "answer",
    "config",
    "get",
    "moved",
    "post",
    "steady",
]

P = ParamSpec("P")
R = TypeVar("R")


class Lost(msgspec.Struct, frozen=True):
    """There is no answer, and the driver knows."""

    sent: bool


CUT, NEVER, SILENCE = Lost(sent=True), Lost(sent=False), None
"""A connection that is cut, one that cannot be had, and nothing at all."""
Answer: TypeAlias = Response | Lost | None


def steady(base: float = 1.0, retries: int | None = 3) -> Backoff:
    return Backoff(base=base, retries=retries, jitter="none")


STEADY = Config(backoff=steady(), hold=60.0)


def answer(status: int, body: bytes = b"{}", **headers: str) -> Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, (("content-type", "application/json"), *names.items()), body)


OK = answer(200, b'"fine"')


def moved(location: str, status: int = 302) -> Response:
    return answer(status, b"", location=location)


def config(**changes: Any) -> Config:
    return msgspec.structs.replace(STEADY, **changes)


def read(response: Response) -> object:
    return msgspec.json.decode(response.body)


def get(path: str = "/a", host: Host = Host.API, **more: Any) -> Call[object]:
    return msgspec.structs.replace(asked("GET", path, host), repeatable=True, **more)


def post(path: str = "/a", host: Host = Host.API, **more: Any) -> Call[object]:
    return msgspec.structs.replace(asked("POST", path, host), **more)


def asked(method: Method, path: str, host: Host) -> Call[object]:
    return Call(host=host, method=method, path=path, parse=read)


class Stage:
    """The client and its driver. The server gives ``answers`` in their order and at once, and ``OK`` after the last.

    ``log`` has a line for each request (``0 GET api.kick.com/a``), each time a request is given up (``20 cancel``),
    and each event, by the path of the call that was submitted (``5 /a: 'fine'``, ``7 /a: server error``).
    """

    def __init__(self, *answers: Answer, config: Config = STEADY) -> None:
        self.client = Client(config, rng=random.Random(7))
        self.answers = deque(answers)
        self.now = 0.0
        self.log: list[str] = []
        self.requests: list[Request] = []
        self.fetches: list[int] = []
        self.starts: list[float] = []
        self.refusals: list[Refused] = []
        self._paths: dict[int, str] = {}

    @property
    def failure(self) -> Failure:
        """The one failure that there was."""
        (refused,) = self.refusals
        return refused.failure

    def submit(self, *calls: Call[object]) -> int:
        """Submit calls, one after the other; gives the ref of the last."""
        ref = 0
        for call in calls:
            ref = self.client.submit(self.now, call)
            self._paths[ref] = call.path
            self._settle()
        return ref

    def do(self, command: Callable[Concatenate[float, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Give any other command."""
        result = command(self.now, *args, **kwargs)
        self._settle()
        return result

    def respond(self, response: Response, ref: int | None = None) -> None:
        """Answer the latest request, or that of the ref."""
        ref = ref if ref is not None else self.fetches[-1]
        self.client.handle_input(self.now, Responded(ref, response, UNIX_EPOCH + self.now))
        self._settle()

    def advance(self, seconds: float) -> None:
        """Let time pass; every timer fires at its moment."""
        until = self.now + seconds
        while (at := self.client.poll_timeout()) is not None and at <= until:
            self.now = max(self.now, at)
            self.client.handle_timeout(self.now)
            self._settle()
        self.now = until

    def oversleep(self, seconds: float) -> None:
        """Let time pass; the timers are looked at only at its end."""
        self.now += seconds
        self.client.handle_timeout(self.now)
        self._settle()

    def play(self, *calls: Call[object]) -> list[str]:
        """Submit calls and wait until all has ended; gives the log."""
        self.submit(*calls)
        self.advance(1_000)
        return self.log

    def _settle(self) -> None:
        while (output := self.client.poll_output()) is not None:
            if isinstance(output, Cancel):
                assert output.ref in self.fetches
                self._note("cancel")
            else:
                self._perform(output)
        for event in self.client.take_events():
            path = self._paths[event.ref]
            if isinstance(event, Replied):
                self._note(f"{path}: {event.value!r}")
            else:
                self.refusals.append(event)
                self._note(f"{path}: {event.failure.outcome.value}")

    def _perform(self, fetch: Fetch) -> None:
        assert fetch.ref not in self.fetches
        self._note(f"{fetch.request.method} {fetch.request.url().partition('//')[2]}")
        self.requests.append(fetch.request)
        self.fetches.append(fetch.ref)
        self.starts.append(self.now)
        said = self.answers.popleft() if self.answers else OK
        if isinstance(said, Response):
            self.client.handle_input(self.now, Responded(fetch.ref, said, UNIX_EPOCH + self.now))
        elif said is not None:
            self.client.handle_input(self.now, Unanswered(fetch.ref, "it was cut", said.sent))

    def _note(self, what: str) -> None:
        self.log.append(f"{self.now:g} {what}")

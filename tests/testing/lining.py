"""The model of one client's calls with a driver beside it, for tests; and calls that it may be asked for."""

from typing import Any

from kick_proto.backoff import Backoff
from kick_proto.endpoints.call import Call, Host, Instead, Method
from kick_proto.errors import NotFound
from kick_proto.http import Responded, Response, Unanswered
from kick_proto.outcomes import Outcome
from kick_proto.rest import Config
from kick_proto.testing.simulation.chance import Chance
from kick_proto.testing.simulation.http.lines import Errand, Lines
from kick_proto.testing.simulation.http.pacing import Pacing

CALM = Config(rate=100.0, backoff=Backoff(base=1.0, cap=5.0, retries=3, jitter="none"))
"""A pace that keeps nobody waiting, and no chance."""

LATER = 100.0
"""Where a moment other than 0 is wanted, so that nothing is counted from the beginning of the world."""


def parse(response: Response) -> str:
    text = response.body.decode()
    if text == "nobody":
        raise NotFound("nobody", status=200)
    return text


def call(host: Host = Host.API, method: Method = "GET", **named: Any) -> Call[str]:
    return Call(host=host, method=method, path="/x", parse=parse, **{"repeatable": method == "GET", **named})


def in_place(*outcomes: Outcome, **named: Any) -> Instead[str]:
    return Instead(frozenset(outcomes), call(Host.SITE, **named))


class Scene:
    """The model with a driver beside it, who gives each request a ref of its own: 1, 2, ..."""

    def __init__(self, config: Config = CALM, *, burst: float = 100.0) -> None:
        self.lines = Lines(config, Pacing(config.rate, burst), Chance("lines"), config.in_flight)
        self.fetches = 0
        self.names: dict[int, str] = {}

    def submit(self, at: float, name: str, asked: Call[str]) -> Errand:
        errand = Errand(name, asked, ref=len(self.names) + 50)
        self.lines.submit(at, errand)
        return errand

    def left(self) -> list[str]:
        """The names of the requests that leave, since this was asked last."""
        starts = list(self.lines.starts)
        self.lines.starts.clear()
        for errand in starts:
            self.fetches += 1
            errand.fetch = self.fetches
        return [errand.name for errand in starts]

    def ended(self) -> list[tuple[str, object]]:
        """Who has ended and how, since this was asked last."""
        ended = list(self.lines.ended)
        self.lines.ended.clear()
        return [(each.errand.name, each.value if each.failure is None else each.failure.outcome) for each in ended]

    def given_up(self) -> list[str]:
        cancels = [errand.name for errand in self.lines.cancels]
        self.lines.cancels.clear()
        return cancels

    def answer(self, at: float, status: int, *headers: tuple[str, str], body: bytes = b"", ref: int = 0) -> None:
        self.lines.hear(at, Responded(ref or self.fetches, Response(status, headers, body), 1_800_000_000.0 + at))

    def lose(self, at: float, *, sent: bool = True) -> None:
        self.lines.hear(at, Unanswered(self.fetches, "lost", sent))


def under_way(asked: Call[str], config: Config = CALM) -> Scene:
    """With that call, which left a moment ago."""
    scene = Scene(config)
    scene.submit(LATER, "a", asked)
    assert scene.left() == ["a"]
    return scene

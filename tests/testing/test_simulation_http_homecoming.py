"""The browser's way back in the simulation: what is played to a listener, and which listeners are found out."""

from typing import ClassVar

import pytest

from kick_proto.machine import Close, Input, Opened, Output, Received, Transmit
from kick_proto.redirect import Arrived, Listener, RedirectEvent, Target, parse_target
from kick_proto.testing.simulation.http import homecoming
from kick_proto.testing.simulation.http.homecoming import ANOTHER_TAB, BROWSER, STRANGERS, come_home
from kick_proto.testing.simulation.http.secrets import MARK
from kick_proto.testing.simulation.laws import Law, Violation

TARGET = parse_target("http://localhost:38080/callback")
QUERY = f"code={MARK}&state=xyz"
REQUEST = f"GET /callback?{QUERY} HTTP/1.1\r\nHost: localhost:38080\r\n\r\n".encode()


class Fixed:
    """Chance that draws the same each time."""

    def __init__(self, drawn: float) -> None:
        self._drawn = drawn

    def random(self) -> float:
        return self._drawn


class Overheard(Listener):
    """Keeps what came of each connection, in pieces, when, and what is shown; those of the latest listener."""

    connections: ClassVar[list[tuple[int, list[bytes]]]] = []
    moments: ClassVar[set[float]] = set()
    pages: ClassVar[list[bytes]] = []

    def __init__(self, target: Target) -> None:
        super().__init__(target)
        self.connections.clear()
        self.moments.clear()
        self.pages.clear()

    def finish(self, now: float, sentence: str, *, ok: bool) -> None:
        self.moments.add(now)
        super().finish(now, sentence, ok=ok)

    def poll_output(self) -> Output[bytes] | None:
        output = super().poll_output()
        if isinstance(output, Transmit) and output.ref == BROWSER:
            self.pages.append(output.data)
        return output

    def handle_input(self, now: float, received: Input[bytes]) -> None:
        self.moments.add(now)
        if isinstance(received, Opened):
            self.connections.append((received.ref, []))
        elif isinstance(received, Received):
            ref, pieces = self.connections[-1]
            assert received.ref == ref
            self.moments.add(received.unix_now)
            pieces.append(bytes(received.data))
        super().handle_input(now, received)


def overheard(monkeypatch: pytest.MonkeyPatch, drawn: float) -> list[tuple[int, list[bytes]]]:
    monkeypatch.setattr(homecoming, "Listener", Overheard)
    assert come_home(TARGET, QUERY, Fixed(drawn)) == QUERY
    return Overheard.connections


def test_each_stranger_may_knock_before_the_browser_does(monkeypatch: pytest.MonkeyPatch) -> None:
    said = [(ref, b"".join(pieces)) for ref, pieces in overheard(monkeypatch, 0.299)]
    assert said[:-3] == list(enumerate(STRANGERS))


@pytest.mark.parametrize("drawn", [0.3, 0.5, 0.999])
def test_the_browser_comes_and_another_tab_and_one_that_is_too_late_in_two_pieces_each(
    monkeypatch: pytest.MonkeyPatch, drawn: float
) -> None:
    cut = int(drawn * len(REQUEST))
    pieces = [REQUEST[:cut], REQUEST[cut:]]
    assert overheard(monkeypatch, drawn) == [(BROWSER, pieces), (ANOTHER_TAB, pieces), (BROWSER, pieces)]


def test_all_of_it_happens_in_one_moment_and_the_browser_is_shown_that_it_worked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    overheard(monkeypatch, 0.1)
    (page,) = Overheard.pages
    assert (page[:15], b"<p>You are logged in.</p>" in page) == (b"HTTP/1.1 200 OK", True)
    assert Overheard.moments == {0.0}


def test_what_is_played_is_as_chance_has_it() -> None:
    assert come_home(TARGET, "error=access_denied", Fixed(0.1)) == "error=access_denied"
    assert come_home(parse_target("http://127.0.0.1:80/"), "code=x", Fixed(0.9)) == "code=x"


# Listeners that are not as they must be


class Impatient(Listener):
    """Waits a second less than it must."""

    def poll_timeout(self) -> float | None:
        at = super().poll_timeout()
        return None if at is None else at - 1.0


class Restless(Listener):
    """Waits on when all is over."""

    def poll_timeout(self) -> float | None:
        return 700.0 if self.closed else super().poll_timeout()


class Credulous(Listener):
    """Takes anybody for the browser."""

    def _refusal(self, *_: object) -> None:
        return None


class Forgetful(Listener):
    """Tells nothing of what has come."""

    def take_events(self) -> list[RedirectEvent]:
        super().take_events()
        return []


class Stammering(Listener):
    """Tells each who asks of all that has come."""

    said: tuple[RedirectEvent, ...] = ()

    def take_events(self) -> list[RedirectEvent]:
        self.said = (*self.said, *super().take_events())
        return list(self.said)


class Loud(Listener):
    """Shows what has come in the event that tells of it."""

    def take_events(self) -> list[RedirectEvent]:
        return [Shown(event.query) if isinstance(event, Arrived) else event for event in super().take_events()]


class Shown(Arrived, frozen=True):
    def __repr__(self) -> str:
        return self.query


class Talkative(Listener):
    """Shows what has come on its page."""

    def finish(self, now: float, sentence: str, *, ok: bool) -> None:
        super().finish(now, QUERY, ok=ok)


class Silent(Listener):
    """Has no word for the browser."""

    def poll_output(self) -> Output[bytes] | None:
        output = super().poll_output()
        return super().poll_output() if isinstance(output, Transmit) and output.ref == BROWSER else output


class Confused(Listener):
    """Ends the connection of somebody else."""

    def poll_output(self) -> Output[bytes] | None:
        output = super().poll_output()
        return Close(output.ref + 7) if isinstance(output, Close) else output


class Mistaken(Listener):
    """Answers somebody else."""

    def poll_output(self) -> Output[bytes] | None:
        output = super().poll_output()
        return Transmit(output.ref + 7, output.data) if isinstance(output, Transmit) else output


class Endless(Listener):
    """Never says that it has ended."""

    @property
    def closed(self) -> bool:
        return False


class Lively(Listener):
    """Answers when all is over."""

    def handle_input(self, now: float, received: Input[bytes]) -> None:
        super().handle_input(now, received)
        if self.closed:
            self._outputs.append(Close(received.ref))


class Newsy(Listener):
    """Tells of what comes when all is over."""

    def take_events(self) -> list[RedirectEvent]:
        return [Arrived("news")] if self.closed else super().take_events()


@pytest.mark.parametrize(
    ("kind", "law", "sentence"),
    [
        (Impatient, Law.ON_TIME, "a listener waits until 599.0, and must until 600.0"),
        (Restless, Law.ON_TIME, "a listener waits until 700.0, and must until None"),
        (Credulous, Law.LOGIN, "[Arrived(0 characters)] is told of a redirect where [] is so"),
        (Forgetful, Law.LOGIN, f"[] is told of a redirect where [{Arrived(QUERY)}] is so"),
        (Stammering, Law.LOGIN, f"[{Arrived(QUERY)}] is told of a redirect where [] is so"),
        (Loud, Law.SECRETS, "a redirect shows 1 parts of a secret"),
        (Talkative, Law.SECRETS, "an answer to a browser shows 1 parts of a secret"),
        (Silent, Law.LOGIN, "the browser is not told how the login went"),
        (Confused, Law.INTERFACE, "connection 7 is answered for what 0 has said"),
        (Mistaken, Law.INTERFACE, "connection 7 is answered for what 0 has said"),
        (Endless, Law.SILENCE, "a listener goes on when the login is over"),
        (Lively, Law.SILENCE, "a listener goes on when the login is over"),
        (Newsy, Law.SILENCE, "a listener goes on when the login is over"),
    ],
)
def test_a_listener_that_is_not_as_it_must_be_is_found_out(
    monkeypatch: pytest.MonkeyPatch, kind: type[Listener], law: Law, sentence: str
) -> None:
    monkeypatch.setattr(homecoming, "Listener", kind)
    with pytest.raises(Violation) as found:
        come_home(TARGET, QUERY, Fixed(0.29))
    assert str(found.value) == str(Violation(law, sentence))

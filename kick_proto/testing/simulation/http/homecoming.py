"""The last steps of a login in a browser: it comes back to a listener on this machine, where others knock as well.

``come_home`` plays the moments around one redirect with a listener of its own, byte by byte, and sees that the query
arrives once and as it was sent, that no stranger is taken for it, and that nothing is left when it is over.
"""

from kick_proto.machine import Close, Opened, Output, Received, Rng, Transmit
from kick_proto.redirect import Arrived, Limits, Listener, RedirectEvent, Target
from kick_proto.testing.simulation.http.secrets import search
from kick_proto.testing.simulation.laws import Law, Violation

__all__ = ["STRANGERS", "come_home"]

STRANGERS: tuple[bytes, ...] = (
    b"GET / HTTP/1.1\r\nHost: localhost:38080\r\n\r\n",
    b"GET /favicon.ico HTTP/1.1\r\nHost: localhost:38080\r\n\r\n",
    b"GET /callback HTTP/1.1\r\nHost: localhost:38080\r\n\r\n",
    b"GET /callback?code=stolen HTTP/1.1\r\nHost: elsewhere.example:38080\r\n\r\n",
    b"POST /callback?code=stolen HTTP/1.1\r\nHost: localhost:38080\r\nContent-Length: 0\r\n\r\n",
    b"GET /callback?code=stolen HTTP/1.1\r\nHost: localhost:38080\r\nSec-Fetch-Mode: no-cors\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    b"GET /callback?code=sto",
    b"",
)
"""What others say at that port: a page on the web, a browser that wants a picture, one that speaks TLS."""

BROWSER, ANOTHER_TAB = 1_000, 1_001
SHARE = 0.3


def come_home(target: Target, query: str, draw: Rng) -> str:
    """Let a browser bring a query home, all of it in one moment; gives what has arrived.

    Raises:
        Violation: it is not what was brought, or somebody else's, or something is left when it is over.
    """
    listener = Listener(target)
    listener.listen(0.0)
    _see_deadline(listener, Limits().login)
    for ref, stranger in enumerate(each for each in STRANGERS if draw.random() < SHARE):
        _see_events([], _say(listener, ref, stranger, draw))
    request = f"GET {target.path}?{query} HTTP/1.1\r\nHost: localhost:{target.port}\r\n\r\n".encode()
    _see_events([Arrived(query)], _say(listener, BROWSER, request, draw))
    _see_events([], _say(listener, ANOTHER_TAB, request, draw))
    listener.finish(0.0, "You are logged in.", ok=True)
    outputs = _outputs(listener)
    if not any(isinstance(output, Transmit) and output.ref == BROWSER for output in outputs):
        raise Violation(Law.LOGIN, "the browser is not told how the login went")
    if _say(listener, BROWSER, request, draw) or _outputs(listener) or not listener.closed:
        raise Violation(Law.SILENCE, "a listener goes on when the login is over")
    _see_deadline(listener, None)
    return query


def _say(listener: Listener, ref: int, data: bytes, draw: Rng) -> list[RedirectEvent]:
    """Connect, and say this in two pieces; gives what is told of it, and sees what is answered."""
    cut = int(draw.random() * len(data))
    listener.handle_input(0.0, Opened(ref))
    for piece in (data[:cut], data[cut:]):
        listener.handle_input(0.0, Received(ref, piece, 0.0))
    for output in [] if listener.closed else _outputs(listener):
        if isinstance(output, Transmit | Close) and output.ref != ref:
            raise Violation(Law.INTERFACE, f"connection {output.ref} is answered for what {ref} has said")
    return listener.take_events()


def _outputs(listener: Listener) -> list[Output[bytes]]:
    outputs: list[Output[bytes]] = list(iter(listener.poll_output, None))
    for output in outputs:
        search("an answer to a browser", repr(output))
    return outputs


def _see_events(due: list[RedirectEvent], events: list[RedirectEvent]) -> None:
    search("a redirect", repr(events))
    if events != due:
        raise Violation(Law.LOGIN, f"{events} is told of a redirect where {due} is so")


def _see_deadline(listener: Listener, due: float | None) -> None:
    at = listener.poll_timeout()
    if at != due:
        raise Violation(Law.ON_TIME, f"a listener waits until {at}, and must until {due}")

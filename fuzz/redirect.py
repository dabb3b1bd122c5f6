"""What browsers and others send to the server that waits for a redirect: read alike however it is cut, and once.

An input is the size of the reads, and what each of several TCP connections says, a line of ``BETWEEN`` between them.
"""

import html
from functools import lru_cache

import h11

from kick_proto.frames import Frame
from kick_proto.machine import Cancel, Close, Opened, Output, Received, Transmit
from kick_proto.redirect import ARMED, PAGE, Arrived, Limits, Listener, RedirectEvent, Target, is_answer

__all__ = ["check", "seed"]

TARGET = Target("localhost", 38080, "/callback")
LIMITS = Limits(header=512, connections=3)
BETWEEN = b"\n--\n"
MOST = 8
"""Connections in an input."""
MOST_READS = 16
"""Reads of one connection: enough to be cut anywhere, by one size or another."""
LARGEST_ANSWER = 8 << 10
GET = b"GET /callback?code=abc&state=xyz HTTP/1.1\r\nHost: localhost:38080\r\n\r\n"


def check(data: bytes) -> None:
    size, said = 1 + data[0] if data else 1, data[1:].split(BETWEEN)[:MOST]
    whole, cut = _Visit(), _Visit()
    for ref, request in enumerate(said, 1):
        whole.come(ref, request, max(1, len(request)))
        cut.come(ref, request, max(size, len(request) // MOST_READS))
    # Of what is too much in one piece, the first pieces may have said all that counts.
    if all(len(request) <= LIMITS.header for request in said):
        assert whole.told == cut.told, (whole.told, cut.told)
        assert whole.events == cut.events
    sentence = data.decode("utf-8", "replace")
    for visit in (whole, cut):
        visit.end(sentence)


class _Visit:
    """A listener that waits, and what came of each who came."""

    def __init__(self) -> None:
        self.now = 100.0
        self.machine = Listener(TARGET, LIMITS)
        self.machine.listen(self.now)
        self.told: list[Output[bytes]] = []
        self.events: list[RedirectEvent] = []
        self.asker = 0

    def come(self, ref: int, request: bytes, size: int) -> None:
        self.machine.handle_input(self.now, Opened(ref))
        told, had = len(self.told), len(self.events)
        for start in range(0, len(request), size):
            self.machine.handle_input(self.now, Received(ref, request[start : start + size], 0.0))
        self.drain()
        for event in self.events[had:]:
            assert isinstance(event, Arrived)
            assert event.query.encode() in request
            assert is_answer(event.query)
            self.asker = ref
        assert len(self.events) <= 1, "the redirect came twice"
        # At most the end of another connection, that there is room, and this one's page and end.
        assert len(self.told) - told <= 3, self.told[told:]
        for output in self.told[told:]:
            if isinstance(output, Transmit):
                assert output.ref == ref
                _assert_page(output.data, b"HEAD" if request.lstrip(b"\r\n").startswith(b"HEAD ") else b"GET")

    def drain(self) -> None:
        self.told += iter(self.machine.poll_output, None)
        self.events += self.machine.take_events()
        assert self.machine.timers <= ARMED[self.machine.state]
        at = self.machine.poll_timeout()
        assert self.machine.closed or (at is not None and at > self.now)

    def end(self, sentence: str) -> None:
        """The browser that waits is told how it went, and everybody else is sent away."""
        told = len(self.told)
        if self.events:
            self.machine.finish(self.now, sentence, ok=True)
        else:
            self.machine.close(self.now)
        self.drain()
        pages = [output for output in self.told[told:] if isinstance(output, Transmit)]
        assert [page.ref for page in pages] == ([self.asker] if self.events else [])
        for page in pages:
            shown = _assert_page(page.data, b"GET")
            assert html.escape(sentence[:1_000]).encode("utf-8", "replace") in shown
        assert self.machine.closed
        assert self.machine.poll_timeout() is None
        ended = [output.ref for output in self.told if isinstance(output, Close | Cancel)]
        assert len(set(ended)) == len(ended), "a connection ended twice"
        self.machine.handle_input(self.now, Opened(99))
        self.machine.handle_input(self.now, Received(99, GET, 0.0))
        assert (self.machine.poll_output(), self.machine.take_events()) == (None, [])


@lru_cache(1_000)
def _assert_page(answer: bytes, method: bytes) -> bytes:
    """What a browser reads: one whole page, with nothing in it that a page could do."""
    assert len(answer) <= LARGEST_ANSWER
    browser = h11.Connection(h11.CLIENT)
    browser.send(h11.Request(method=method, target="/", headers=[("host", "x")]))
    browser.send(h11.EndOfMessage())
    browser.receive_data(answer)
    browser.receive_data(b"")
    head = browser.next_event()
    assert isinstance(head, h11.Response)
    assert (b"connection", b"close") in head.headers
    page = b""
    while isinstance(event := browser.next_event(), h11.Data):
        page += event.data
    assert isinstance(event, h11.EndOfMessage), event
    assert page.count(b"<") in (0, PAGE.count("<")), page
    return page


def seed(frame: Frame) -> bytes:
    other = b"GET /" + frame.event.encode("ascii", "replace") + b" HTTP/1.1\r\nHost: localhost:38080\r\n\r\n"
    return b"\x06" + other + BETWEEN + GET

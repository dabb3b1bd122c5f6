"""One connection between an application and a server: what is under way each way, and what becomes of it.

The same for both levels, because bytes and lists of texts are cut and joined alike. A wire keeps the promises of the
machine interface in a driver's name, decides nothing, and has no clock: the network says when mail arrives. Each way
is a queue: mail has a time before which it does not arrive, and none overtakes what was sent before it.
"""

from collections import deque
from typing import Any, TypeAlias

from kick_proto.machine import Close, Closed, Failed, Input, Opened, Output, Received, Rng, Transmit
from kick_proto.testing.server import Accepted
from kick_proto.testing.simulation.decisions import Way

__all__ = ["Mail", "Weather", "Wire", "Word"]

Word: TypeAlias = Input[Any] | Accepted
Mail: TypeAlias = deque[tuple[float, Word]]


class Weather:
    """How all wires are at the moment: latency from and to (seconds, one way), the share of reads that is split."""

    __slots__ = ("is_tardy", "least", "most", "split_share")

    def __init__(self) -> None:
        self.least = 0.0
        self.most = 0.0
        self.split_share = 0.0
        self.is_tardy = False


class Wire:
    """One connection; ``ref`` is the client's name for it, ``number`` the server's."""

    def __init__(self, ref: int, number: int, target: str | None, weather: Weather, draw: Rng) -> None:
        self.ref = ref
        self.number = number
        self.to_client: Mail = deque()
        self.to_server: Mail = deque()
        self.is_opened = False
        self.is_released = False
        self.due: list[float | None] = [None, None]
        self._target = target
        self._weather = weather
        self._draw = draw
        self._is_over = False
        self._dead_to_client = False
        self._dead_to_server = False
        self._stalled_until = 0.0
        self._left: int | None = None

    @property
    def done(self) -> bool:
        """True when nothing will ever arrive any more."""
        return (self._is_over or self.is_released) and not self.to_client and not self.to_server

    # What happens to it

    def knock(self, now: float, delay: float) -> None:
        """Let the server know of the client."""
        first = Opened(self.number) if self._target is None else Accepted(self.number, self._target)
        self._post_to_server(now + delay, first)

    def tell_client(self, now: float, word: Word) -> None:
        """Let a word arrive at the client; data may come in several reads."""
        if self._is_over or self._dead_to_client:
            return
        if isinstance(word, Closed | Failed):
            self._is_over = True
        if self.is_released:
            return
        if isinstance(word, Received):
            for piece in self._pieces(word.data):
                self._post_to_client(now, Received(self.ref, piece, 0.0))
        else:
            self._post_to_client(now, word)

    def half_open(self, way: Way) -> None:
        """Die without a word."""
        if way is not Way.TO_SERVER:
            self._dead_to_client = True
            self.to_client.clear()
        if way is not Way.TO_CLIENT:
            self._dead_to_server = True
            self.to_server.clear()

    def stall(self, until: float) -> None:
        """Hold back what is under way to the client."""
        self._stalled_until = until
        self.to_client = deque((max(at, until), word) for at, word in self.to_client)

    def release_stalled(self, now: float) -> None:
        """Hold back nothing from now on, and lose nothing more."""
        self._left = None
        self._stalled_until = now
        self.to_client = deque((min(at, now), word) for at, word in self.to_client)

    def cut_after(self, now: float, count: int) -> None:
        """Be lost when so much more has come to the client."""
        self._left = count
        if count == 0:
            self.lose(now)

    def lose(self, now: float) -> None:
        """Lose what is under way, and let both ends know."""
        is_awaited = bool(self.to_client) or not self._is_over
        self.to_client.clear()
        self.to_server.clear()
        if is_awaited and not self.is_released and not self._dead_to_client:
            last = Closed(self.ref) if self.is_opened else Failed(self.ref, "the connection was lost")
            self.to_client.append((now, last))
        if not self._dead_to_server:
            self.to_server.append((now, Closed(self.number)))
        self._is_over = True

    # What its ends want

    def obey_client(self, now: float, output: Output[Any]) -> None:
        """Take what the client's machine wants."""
        match output:
            case Transmit(data=data):
                self._post_to_server(now, Received(self.number, data, 0.0))
            case Close(code=code, reason=reason):
                self._post_to_server(now, Closed(self.number, code, reason))
                self._read_no_further(is_answered=self._target is not None)
            case _:
                self._post_to_server(now, Closed(self.number))
                self._read_no_further(is_answered=False)

    def obey_server(self, now: float, output: Output[Any]) -> None:
        """Take what the server's machine wants."""
        match output:
            case Transmit(data=data):
                self.tell_client(now, Received(self.ref, data, 0.0))
            case Close(code=code, reason=reason) if self._target is not None:
                self.tell_client(now, Closed(self.ref, code, reason))
            case _:
                self.tell_client(now, Closed(self.ref))

    def _read_no_further(self, *, is_answered: bool) -> None:
        if not self._weather.is_tardy:
            self.to_client.clear()
        self.is_released = not is_answered

    # What arrives

    def arrive_at_server(self, now: float, unix_now: float) -> Word | None:
        """Take out what has arrived at the server, if anything has."""
        if not self.to_server or self.to_server[0][0] > now:
            return None
        _, word = self.to_server.popleft()
        if isinstance(word, Received):
            return Received(self.number, word.data, unix_now)
        if isinstance(word, Closed):
            self.tell_client(now, Closed(self.ref, word.code, word.reason))
            self.is_released = True
        else:
            self.tell_client(now, Opened(self.ref))
        return word

    def arrive_at_client(self, now: float, unix_now: float, *, reads: bool) -> Word | None:
        """Take out what has arrived at the client, data of all that has come as one read, if it reads at all."""
        mail = self.to_client
        if not mail or mail[0][0] > now or (not reads and isinstance(mail[0][1], Received)):
            return None
        _, word = mail.popleft()
        if not isinstance(word, Received):
            self.is_opened = True
            return word
        data = word.data
        while mail and mail[0][0] <= now and isinstance(more := mail[0][1], Received):
            data = data + more.data
            mail.popleft()
        return self._read(now, data, unix_now)

    def _read(self, now: float, data: Any, unix_now: float) -> Word:
        if self._left is not None:
            data, self._left = data[: self._left], self._left - len(data)
            if self._left <= 0:
                self.lose(now)
        return Received(self.ref, data, unix_now)

    # Steps that the others share

    def _pieces(self, data: Any) -> list[Any]:
        if len(data) < 2 or self._draw.random() >= self._weather.split_share:
            return [data]
        first = 1 + int(self._draw.random() * (len(data) - 1))
        second = first + int(self._draw.random() * (len(data) - first))
        return [piece for piece in (data[:first], data[first:second], data[second:]) if piece]

    def _post_to_client(self, now: float, word: Word) -> None:
        self.to_client.append((max(self._stalled_until, now + self._latency()), word))

    def _post_to_server(self, now: float, word: Word) -> None:
        if not self._dead_to_server and not (self._is_over and isinstance(word, Received)):
            self.to_server.append((now + self._latency(), word))

    def _latency(self) -> float:
        weather = self._weather
        if weather.most <= 0.0:
            return 0.0
        return weather.least + self._draw.random() * (weather.most - weather.least)

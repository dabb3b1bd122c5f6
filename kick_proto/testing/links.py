"""One connection between a client and a server in a simulated world: what is under way, and who has heard the end.

A ``Link`` keeps the promises that the machine interface makes in a driver's name: mail arrives in order, an ``Open``
gets one ``Opened`` or ``Failed``, an ``Opened`` one ``Closed``, and after ``Cancel`` nothing comes any more. It has no
clock: the world says when mail arrives, and takes it out when that time has come.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any, TypeAlias, assert_never

from kick_proto.machine import Cancel, Close, Closed, Failed, Input, Opened, Received, SocketMachine, Transmit
from kick_proto.testing.server import Accepted, KickServer, ServerInput

__all__ = ["Client", "Link"]

Client: TypeAlias = SocketMachine[Any, Sequence[str]]


class Link:
    """A connection from ``Open`` to its last word. The two mails are what will arrive at each end, and when.

    ``number`` is the server's ref. ``server`` is None where the connection cannot be had.
    """

    def __init__(self, client: Client, ref: int, server: KickServer | None, number: int) -> None:
        self.client = client
        self.server = server
        self.client_mail: deque[tuple[float, Input[Sequence[str]]]] = deque()
        self.server_mail: deque[tuple[float, Accepted | Received[Sequence[str]] | Closed]] = deque()
        self._ref = ref
        self._number = number
        self._opened = False
        self._closing = False
        self._over = False

    @property
    def done(self) -> bool:
        """True when nothing will ever arrive any more."""
        return self._over and not self.client_mail and not self.server_mail

    def is_for(self, client: Client, ref: int) -> bool:
        """Whether this is what the client knows by that ref."""
        return self.client is client and self._ref == ref

    def open(self, at: float, target: str) -> None:
        """Let the server know at ``at``."""
        self.server_mail.append((at, Accepted(self._number, target)))

    def fail(self, at: float, reason: str) -> None:
        """Let the client know at ``at`` that the connection cannot be had."""
        self._tell_client(at, Failed(self._ref, reason))

    def cut(self, at: float) -> None:
        """Lose what is under way, and let both ends know of the end."""
        if self.client_mail or not self._over:
            self._over = True
            last = Closed(self._ref) if self._opened else Failed(self._ref, "the connection was cut")
            self.client_mail = deque([(at, last)])
        self.server_mail = deque([(at, Closed(self._number))])

    def obey_client(self, at: float, output: Transmit[Sequence[str]] | Close | Cancel) -> None:
        """Let what the client wants arrive at ``at``."""
        match output:
            case Transmit(data=texts):
                self.server_mail.append((at, Received(self._number, texts, at)))
            case Close(code=code, reason=reason):
                self._closing, self._over = True, False
                self.client_mail.clear()
                self.server_mail.append((at, Closed(self._number, code, reason)))
            case Cancel():
                self._over = True
                self.client_mail.clear()
                self.server_mail.append((at, Closed(self._number)))
            case _:
                assert_never(output)

    def obey_server(self, at: float, output: Transmit[Sequence[str]] | Close | Cancel) -> None:
        """Let what the server wants arrive at ``at``."""
        match output:
            case Transmit(data=texts):
                self._tell_client(at, Received(self._ref, texts, at))
            case Close(code=code, reason=reason):
                self._tell_client(at, Closed(self._ref, code, reason))
            case Cancel():
                self._tell_client(at, Closed(self._ref))
            case _:
                assert_never(output)

    def take_for_client(self, unix_now: float) -> Input[Sequence[str]]:
        """Take out what has arrived at the client."""
        _, word = self.client_mail.popleft()
        self._opened = True
        return Received(word.ref, word.data, unix_now) if isinstance(word, Received) else word

    def take_for_server(self, unix_now: float, answer_at: float) -> ServerInput:
        """Take out what has arrived at the server; the first and the last of it are answered at ``answer_at``."""
        _, word = self.server_mail.popleft()
        if isinstance(word, Received):
            return Received(word.ref, word.data, unix_now)
        if isinstance(word, Closed):
            self._tell_client(answer_at, Closed(self._ref, word.code, word.reason))
        else:
            self._tell_client(answer_at, Opened(self._ref))
        return word

    def _tell_client(self, at: float, word: Input[Sequence[str]]) -> None:
        """Let the word arrive, unless the last one has been said, or the client reads no further."""
        if self._over or (self._closing and isinstance(word, Received)):
            return
        self._over = isinstance(word, Closed | Failed)
        self.client_mail.append((at, word))

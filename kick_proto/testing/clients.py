"""Who is connected to a server machine, to what, and what waits to be sent to whom.

``Clients`` is the bookkeeping half of ``KickServer``: it decides nothing. Texts gather for each client until
``flush``, so that one step of the machine makes one ``Transmit`` a client, however many texts it says.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from kick_proto.machine import Cancel, Close, Output, Transmit

__all__ = ["Client", "Clients"]


class Client:
    """One client. ``topics`` has an order, so that equal histories leave equal transcripts."""

    __slots__ = ("awaits_pong", "heard_at", "ref", "socket_id", "texts", "topics")

    def __init__(self, ref: int, socket_id: str, now: float) -> None:
        self.ref = ref
        self.socket_id = socket_id
        self.heard_at = now
        self.awaits_pong = False
        self.topics: dict[str, None] = {}
        self.texts: list[str] = []


class Clients:
    """All clients by ref, all subscribers by topic, and the outputs that go to them."""

    def __init__(self) -> None:
        self._by_ref: dict[int, Client] = {}
        self._by_topic: dict[str, dict[int, Client]] = {}
        self._unsent: dict[int, Client] = {}
        self._outputs: deque[Output[Sequence[str]]] = deque()

    def __len__(self) -> int:
        return len(self._by_ref)

    def __iter__(self) -> Iterator[Client]:
        return iter(self._by_ref.values())

    def __getitem__(self, ref: int) -> Client:
        """The client of that ref, which is here."""
        return self._by_ref[ref]

    def get(self, ref: int) -> Client | None:
        """The client of that ref, if it is here."""
        return self._by_ref.get(ref)

    def add(self, client: Client) -> None:
        """Take a new one in."""
        self._by_ref[client.ref] = client

    def forget(self, client: Client) -> None:
        """Let it go, with its subscriptions and with what was not sent yet."""
        for topic in list(client.topics):
            self.leave(client, topic)
        self._unsent.pop(client.ref, None)
        del self._by_ref[client.ref]

    def join(self, client: Client, topic: str) -> None:
        """Make it a subscriber."""
        client.topics[topic] = None
        self._by_topic.setdefault(topic, {})[client.ref] = client

    def leave(self, client: Client, topic: str) -> None:
        """Make it a subscriber no more."""
        del client.topics[topic]
        subscribers = self._by_topic[topic]
        del subscribers[client.ref]
        if not subscribers:
            del self._by_topic[topic]

    def subscribers_of(self, topic: str) -> Iterable[Client]:
        """Who gets the topic's frames, in the order in which they joined."""
        subscribers = self._by_topic.get(topic)
        return subscribers.values() if subscribers else ()

    def put(self, client: Client, text: str) -> None:
        """Send a text with the next flush."""
        client.texts.append(text)
        self._unsent[client.ref] = client

    def end(self, client: Client, output: Close | Cancel) -> None:
        """Send what waits for it, then end it so."""
        if client.texts:
            self._outputs.append(Transmit(client.ref, client.texts))
        self._outputs.append(output)
        self.forget(client)

    def flush(self) -> None:
        """Make one ``Transmit`` of all that waits, for each client."""
        if self._unsent:
            for client in self._unsent.values():
                self._outputs.append(Transmit(client.ref, client.texts))
                client.texts = []
            self._unsent.clear()

    def poll_output(self) -> Output[Sequence[str]] | None:
        """Pop the next output."""
        return self._outputs.popleft() if self._outputs else None

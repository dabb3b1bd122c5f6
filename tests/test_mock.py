"""``MockKick`` on real loopback sockets: what a thread, a port and a socket add to the machines below."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any, Self

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Event, Ping, Request, TextMessage

from kick_io.mock import MOST_EVENTS, MockKick
from kick_proto.errors import LocalProtocolError, TransportError
from kick_proto.frames import Frame, encode_subscribe, parse_frame
from kick_proto.pusher import KICK_APP_KEY
from kick_proto.testing.faults import Faults
from kick_proto.testing.personalities import SOKETI
from kick_proto.testing.server import (
    ClientConnected,
    ClientGone,
    ClientPinged,
    ClientSubscribed,
    KickServer,
    TextReceived,
)

TOPIC = "chatrooms.1.v2"
PING = '{"event":"pusher:ping","data":{}}'


class Client:
    """A blocking WebSocket client: a socket and wsproto."""

    def __init__(self, mock: MockKick, key: str = KICK_APP_KEY, tls: ssl.SSLContext | None = None) -> None:
        self.socket = socket.create_connection((mock.host, mock.port), timeout=10)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self._connection = WSConnection(ConnectionType.CLIENT)
        self._texts: list[str] = []
        self._parts: list[str] = []
        self._accepted = False
        self.ping_count = 0
        self.end: tuple[int, str | None] | None = None
        self.send(Request(host="localhost", target=f"/app/{key}?protocol=7"))
        while not self._accepted:
            assert self._read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, event: Event) -> None:
        self.socket.sendall(self._connection.send(event))

    def say(self, text: str) -> None:
        self.send(TextMessage(data=text))

    def text(self) -> str | None:
        """The next text, or None at the end."""
        while not self._texts:
            if not self._read():
                return None
        return self._texts.pop(0)

    def _read(self) -> bool:
        """Take one read of the socket; False at its end."""
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionResetError:
            return False
        if data:
            self._connection.receive_data(data)
            for event in self._connection.events():
                self._take(event)
        return bool(data)

    def _take(self, event: Event) -> None:
        match event:
            case TextMessage(data=text, message_finished=finished):
                self._parts.append(text)
                if finished:
                    self._texts.append("".join(self._parts))
                    self._parts.clear()
            case Ping():
                self.ping_count += 1
                self.send(event.response())
            case CloseConnection(code=code, reason=reason):
                self.end = (code, reason)
                self.send(event.response())
            case AcceptConnection():
                self._accepted = True
            case _:
                raise AssertionError(event)

    def name(self) -> str | None:
        text = self.text()
        return None if text is None else parse_frame(text).event

    def subscribe(self, topic: str = TOPIC) -> None:
        self.say(encode_subscribe(topic))
        while self.name() != "pusher_internal:subscription_succeeded":
            pass


class Counter:
    """A source of numbered frames."""

    def __init__(self, size: int = 1) -> None:
        self.count = 0
        self._padding = "x" * size

    def act(self, unix_now: float) -> list[Frame]:
        self.count += 1
        return [Frame("E", TOPIC, f"{self.count} {self._padding}")]


def thread_count() -> int:
    return sum(thread.name == "mock-kick" for thread in threading.enumerate())


@pytest.fixture
def mock() -> Iterator[MockKick]:
    with MockKick() as mock:
        yield mock


def test_a_client_connects_and_gets_what_is_published(mock: MockKick) -> None:
    with Client(mock) as client:
        assert client.name() == "pusher:connection_established"
        connected = mock.wait_for(ClientConnected)
        assert mock.client_count == 1
        client.subscribe()
        assert mock.wait_for(ClientSubscribed) == ClientSubscribed(connected.ref, TOPIC)
        sent = Frame("App\\Events\\ChatMessageEvent", TOPIC, '{"content":"é😀"}')
        assert mock.publish(sent) == 1
        text = client.text()
        assert text is not None
        assert parse_frame(text) == sent
    assert mock.wait_for(ClientGone) == ClientGone(connected.ref, 1006)
    assert mock.client_count == 0


def test_it_says_where_it_is(mock: MockKick) -> None:
    assert mock.host == "127.0.0.1"
    assert mock.port > 0
    assert mock.url == f"ws://127.0.0.1:{mock.port}"


def test_it_listens_on_this_machine_only() -> None:
    with pytest.raises(LocalProtocolError, match=r"127\.0\.0\.1 or ::1 only"):
        MockKick(host="0.0.0.0")


def test_it_listens_on_ipv6_where_that_is_asked_for() -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 on this machine")
    with MockKick(host="::1") as mock, Client(mock) as client:
        assert mock.url == f"ws://[::1]:{mock.port}"
        assert client.name() == "pusher:connection_established"


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_is_a_port(port: int) -> None:
    with pytest.raises(LocalProtocolError, match="a port is a number from 0 to 65535"):
        MockKick(port)


def test_a_port_in_use_is_explained(mock: MockKick) -> None:
    with (
        pytest.raises(TransportError, match=f"port {mock.port} on 127.0.0.1 is in use by another program"),
        MockKick(mock.port),
    ):
        pass
    assert thread_count() == 1, "the thread of the one that failed is gone"


def test_an_address_that_cannot_be_had_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kick_io.mock.HOSTS", ("192.0.2.1",))
    with pytest.raises(TransportError, match=r"cannot listen on 192\.0\.2\.1 port 0"), MockKick(host="192.0.2.1"):
        pass


def test_a_personality_has_a_name_or_is_one() -> None:
    with MockKick(personality="reverb", activity_timeout=7) as mock, Client(mock, key="x/y") as client:
        text = client.text()
        assert text is not None
        assert isinstance(parse_frame(text).data, str)
        assert client.text() is None
        assert client.end is None, "it drops the connection"
    with MockKick(personality=SOKETI) as mock, Client(mock) as client:
        client.subscribe()
    with pytest.raises(LocalProtocolError, match="there are hosted, soketi, reverb"):
        MockKick(personality="ably")


def test_key_seed_and_timeouts_are_settings() -> None:
    ids = []
    for seed in (1, 1, 2, None):
        with MockKick(key="mine", seed=seed, activity_timeout=0.1, pong_timeout=0.05) as mock:
            with Client(mock, key="mine") as client:
                assert client.name() == "pusher:connection_established"
                ids.append(mock.wait_for(ClientConnected).socket_id)
                assert client.name() == "pusher:ping"
                assert client.text() is None
                assert client.end == (4201, "Pong reply not received in time")
            assert mock.wait_for(ClientGone).code == 4201
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


def test_leaving_closes_all_clients_with_1001_and_frees_the_port() -> None:
    with MockKick() as mock:
        first, second = Client(mock), Client(mock)
        assert first.name() == second.name() == "pusher:connection_established"
        readers = [threading.Thread(target=client.text) for client in (first, second)]
        for reader in readers:
            reader.start()
    for reader in readers:
        reader.join()
    assert first.end == second.end == (1001, "the server goes away")
    assert thread_count() == 0
    for _ in range(3):
        with MockKick(mock.port) as again, Client(again) as client:
            assert again.port == mock.port
            assert client.name() == "pusher:connection_established"
    first.socket.close()
    second.socket.close()


def test_leaving_does_not_wait_for_clients_that_say_nothing() -> None:
    with MockKick() as mock:
        raw = socket.create_connection((mock.host, mock.port))
        client = Client(mock)
        client.name()
        started_at = time.monotonic()
    assert time.monotonic() - started_at < 5
    raw.close()
    client.socket.close()


def test_an_error_inside_of_with_comes_out_and_all_is_cleaned_up() -> None:
    with pytest.raises(ZeroDivisionError), MockKick():
        raise ZeroDivisionError
    assert thread_count() == 0


def test_a_mock_is_entered_once_and_used_inside() -> None:
    mock = MockKick()
    with pytest.raises(LocalProtocolError, match="does not run"):
        mock.publish(Frame("E"))
    with mock, pytest.raises(LocalProtocolError, match="entered once"), mock:
        pass
    with pytest.raises(LocalProtocolError, match="does not run"):
        mock.publish(Frame("E"))


def test_commands_are_called_from_any_thread(mock: MockKick) -> None:
    with Client(mock) as client:
        client.subscribe()
        (ref,) = mock.call(lambda server, now: server.refs)
        threads = [threading.Thread(target=mock.publish, args=(Frame("E", TOPIC, str(n)),)) for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        data = set()
        for _ in threads:
            text = client.text()
            assert text is not None
            data.add(parse_frame(text).data)
        assert data == {str(n) for n in range(20)}
        mock.call(KickServer.send_error, ref, 4301, "slow down")
        assert client.name() == "pusher:error"
        mock.call(KickServer.disconnect, ref, 4200, reason="later")
        assert client.text() is None
        assert client.end == (4200, "later")
        with pytest.raises(LocalProtocolError, match="close code"):
            mock.call(KickServer.disconnect, ref, 42)


def test_wait_for_takes_one_event_and_leaves_the_others(mock: MockKick) -> None:
    with Client(mock) as client:
        client.name()
        client.say("first")
        client.say(PING)
        client.say("second")
        assert mock.wait_for(TextReceived, lambda event: event.text == "second").text == "second"
        assert mock.wait_for(TextReceived).text == "first"
        assert [type(event) for event in mock.events] == [ClientConnected, ClientPinged]
        with pytest.raises(TimeoutError, match=r"no TextReceived in 0\.01 s; lately there was ClientConnected"):
            mock.wait_for(TextReceived, timeout=0.01)
    mock.wait_for(ClientGone)


def test_wait_for_says_when_there_was_nothing(mock: MockKick) -> None:
    with pytest.raises(TimeoutError, match="lately there was nothing"):
        mock.wait_for(ClientGone, timeout=0)


def test_events_are_kept_up_to_a_number(mock: MockKick) -> None:
    with Client(mock) as client:
        client.name()
        for _ in range(MOST_EVENTS + 10):
            client.say("x")
        client.say(PING)
        mock.wait_for(ClientPinged)
        assert len(mock.events) == MOST_EVENTS - 1


def test_traffic_is_played_in_order_and_stopped(mock: MockKick) -> None:
    source = Counter()
    with Client(mock) as client:
        client.subscribe()
        mock.play(source, 2_000)
        numbers = []
        for _ in range(1_000):
            text = client.text()
            assert text is not None
            numbers.append(int(parse_frame(text).data.split()[0]))
        assert numbers == list(range(1, 1_001))
        mock.stop_playing()
        count = source.count
        client.say(PING)
        while client.name() != "pusher:pong":
            pass
        assert source.count == count


def test_faults_are_switched_while_it_runs(mock: MockKick) -> None:
    with Client(mock) as client:
        client.subscribe()
        mock.set_faults(Faults(fragment=True))
        mock.publish(Frame("E", TOPIC, "1"))
        assert client.name() == "E"
        assert client.ping_count == 2
        mock.set_faults(Faults(drop_after=0.01))
        assert client.text() is None
        assert client.end is None
    with Client(mock) as client:
        mock.set_faults(Faults(close_after=0.01, close_code=4009))
        while client.text() is not None:
            pass
        assert client.end == (4009, "Please reconnect immediately")


def test_a_client_that_does_not_read_is_dropped_and_others_are_served(mock: MockKick) -> None:
    with Client(mock) as slow, Client(mock) as quick:
        slow.subscribe()
        quick.subscribe("other")
        while not any(isinstance(event, ClientGone) for event in mock.events):
            mock.publish(Frame("E", TOPIC, "x" * 1_000_000))
        quick.say(PING)
        assert quick.name() == "pusher:pong"
        assert mock.wait_for(ClientGone).code == 1006


def test_what_is_no_websocket_gets_an_answer(mock: MockKick) -> None:
    with socket.create_connection((mock.host, mock.port), timeout=10) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = b""
        while data := raw.recv(4096):
            answer += data
    assert answer.startswith(b"HTTP/1.1 426 Upgrade Required")
    assert answer.endswith(b"with an upgrade.\n")


def test_an_error_of_the_source_comes_out_at_the_end() -> None:
    acted = threading.Event()

    class Broken:
        def act(self, unix_now: float) -> list[Frame]:
            acted.set()
            raise ArithmeticError("no frames today")

    def play() -> None:
        with MockKick() as mock, Client(mock) as client:
            mock.play(Broken(), 1_000)
            assert acted.wait(10)
            client.subscribe()

    with pytest.raises(ArithmeticError, match="no frames today"):
        play()


def test_it_speaks_tls() -> None:
    trustme = pytest.importorskip("trustme", reason="it makes the certificates")
    authority = trustme.CA()
    server, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(trusting)
    with MockKick(ssl_context=server) as mock:
        assert mock.url == f"wss://127.0.0.1:{mock.port}"
        with Client(mock, tls=trusting) as client:
            client.subscribe()
            mock.publish(Frame("E", TOPIC, "x" * 100_000))
            assert client.name() == "E"
        with pytest.raises(ssl.SSLError), Client(mock, tls=ssl.create_default_context()):
            pass
        with Client(mock, tls=trusting) as client:
            assert client.name() == "pusher:connection_established", "a failed handshake harms nobody else"


def test_it_can_be_used_beside_an_event_loop(mock: MockKick) -> None:
    async def connect() -> Any:
        reader, writer = await asyncio.open_connection(mock.host, mock.port)
        writer.write(b"nonsense\r\n\r\n")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer

    assert asyncio.run(connect()).startswith(b"HTTP/1.1 400")

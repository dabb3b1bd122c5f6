"""The words between a session and its provider: values, and endpoints that can be dialled."""

import pytest

from kick_proto.backoff import Advice
from kick_proto.frames import Frame, Malformed
from kick_proto.ids import Topic
from kick_proto.provider import (
    Confirmed,
    Connected,
    Connection,
    ConnectionEvent,
    Disconnected,
    Endpoint,
    ErrorReceived,
    Provider,
    Refused,
)
from kick_proto.pusher import App


@pytest.mark.parametrize(
    ("host", "port"), [("", 443), ("h", 0), ("h", -1), ("h", 65536)], ids=["no host", "no port", "below", "above"]
)
def test_an_endpoint_that_cannot_be_dialled_is_refused(host: str, port: int) -> None:
    with pytest.raises(ValueError, match="a host and a port from 1 to 65535"):
        Endpoint("c", host, port)


@pytest.mark.parametrize("port", [1, 65535])
def test_every_port_that_there_is_can_be_dialled(port: int) -> None:
    assert Endpoint("c", "h", port).port == port


def test_an_endpoint_is_dialled_over_tls_unless_told_otherwise() -> None:
    assert Endpoint("c", "h") == Endpoint("c", "h", 443, tls=True)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        pytest.param(Frame("x"), "Frame(event='x', channel='', data='')", id="frame"),
        pytest.param(Connected("1.2"), "Connected(socket_id='1.2')", id="connected"),
        pytest.param(Confirmed(Topic("t")), "Confirmed(topic='t')", id="confirmed"),
        pytest.param(Refused(Topic("t"), "no"), "Refused(topic='t', reason='no')", id="refused"),
        pytest.param(ErrorReceived(4301, "slow"), "ErrorReceived(code=4301, message='slow')", id="error"),
        pytest.param(Malformed("{", "end"), "Malformed(text='{', error='end')", id="malformed"),
        pytest.param(
            Disconnected(4200, "bye", Advice.AT_ONCE),
            "Disconnected(code=4200, reason='bye', advice=<Advice.AT_ONCE: 'at once'>)",
            id="disconnected",
        ),
    ],
)
def test_an_event_prints_as_the_line_of_a_log(event: ConnectionEvent, line: str) -> None:
    assert repr(event) == line


def test_pusher_is_a_provider_of_connections() -> None:
    provider: Provider = App()
    connection: Connection = provider.connection(7, provider.endpoints[0])
    connection.connect(0.0)
    assert connection.poll_output() is not None
    assert connection.wants_input

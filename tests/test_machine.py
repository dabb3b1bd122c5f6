"""The words that cross the interface: values, compared and printed as such."""

import random

import pytest

from kick_proto.machine import Cancel, Close, Closed, Failed, Open, Opened, Received, Rng, Transmit


@pytest.mark.parametrize(
    ("asked", "url"),
    [
        pytest.param(Open(1, "ws.example", 443, tls=True), "wss://ws.example:443/", id="TLS"),
        pytest.param(Open(1, "ws.example", 80, tls=False), "ws://ws.example:80/", id="plain"),
        pytest.param(
            Open(1, "127.0.0.1", 6001, tls=False, target="/app/k?protocol=7"),
            "ws://127.0.0.1:6001/app/k?protocol=7",
            id="IPv4 and a target",
        ),
        pytest.param(Open(1, "::1", 6001, tls=False), "ws://[::1]:6001/", id="IPv6 stands in brackets"),
        pytest.param(
            Open(1, "2001:db8::7", 443, tls=True, target="/app/k"), "wss://[2001:db8::7]:443/app/k", id="IPv6 over TLS"
        ),
    ],
)
def test_the_url_of_an_open_names_scheme_host_port_and_target(asked: Open, url: str) -> None:
    assert asked.url == url


@pytest.mark.parametrize(
    ("word", "line"),
    [
        pytest.param(Opened(3), "Opened(ref=3)", id="opened"),
        pytest.param(Received(3, b"ab", 9.5), "Received(ref=3, data=b'ab', unix_now=9.5)", id="received"),
        pytest.param(Closed(3, 4001, "no such key"), "Closed(ref=3, code=4001, reason='no such key')", id="closed"),
        pytest.param(Failed(3, "refused"), "Failed(ref=3, reason='refused')", id="failed"),
        pytest.param(Open(3, "h", 80, tls=False), "Open(ref=3, host='h', port=80, tls=False, target='/')", id="open"),
        pytest.param(Transmit(3, ["a", "b"]), "Transmit(ref=3, data=['a', 'b'])", id="transmit"),
        pytest.param(Close(3), "Close(ref=3, code=1000, reason='')", id="close"),
        pytest.param(Cancel(3), "Cancel(ref=3)", id="cancel"),
    ],
)
def test_every_word_prints_as_the_line_of_a_log(word: object, line: str) -> None:
    assert repr(word) == line


def test_words_are_equal_when_their_kind_and_all_their_fields_are() -> None:
    assert Transmit(1, ["a"]) == Transmit(1, ["a"])
    assert Transmit(1, ["a"]) != Transmit(2, ["a"])
    assert Transmit(1, ["a"]) != Transmit(1, ["b"])
    assert len({Opened(1), Cancel(1), Opened(1)}) == 2


def test_a_socket_that_ended_without_a_close_code_says_1006() -> None:
    assert Closed(1).code == 1006


def test_a_word_cannot_be_changed_once_it_is_said() -> None:
    word = Opened(1)
    with pytest.raises(AttributeError, match="immutable"):
        word.ref = 2  # type: ignore[misc]


def test_the_standard_library_generator_is_a_source_of_chance() -> None:
    rng: Rng = random.Random(7)
    assert 0.0 <= rng.random() < 1.0

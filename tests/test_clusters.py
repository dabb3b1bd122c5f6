"""Where Pusher apps are served: clusters by name, other servers by URL."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.clusters import KICK_CLUSTERS, cluster, endpoint_at
from kick_proto.provider import Endpoint


def test_kicks_key_is_looked_for_in_the_order_of_the_design() -> None:
    assert KICK_CLUSTERS == ("us2", "eu", "ap1")


@pytest.mark.parametrize(
    ("name", "known_as"), [("us2", "us2"), ("eu", "eu"), ("eu1", "eu"), ("as1", "ap1"), ("mt1", "mt1")]
)
def test_a_cluster_is_served_over_tls_at_a_host_of_its_name(name: str, known_as: str) -> None:
    assert cluster(name) == Endpoint(known_as, f"ws-{known_as}.pusher.com", 443, tls=True)


@pytest.mark.parametrize("name", ["", "us-2", "us2.evil", "us2/", "ü2", "us 2", "us2\n", "²"])
def test_what_cannot_be_a_clusters_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a cluster is named like 'us2' or 'eu'"):
        cluster(name)


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        pytest.param("ws://localhost:6001", Endpoint("localhost:6001", "localhost", 6001, tls=False), id="ws and port"),
        pytest.param("ws://localhost", Endpoint("localhost", "localhost", 80, tls=False), id="ws"),
        pytest.param("wss://kick.example", Endpoint("kick.example", "kick.example", 443), id="wss"),
        pytest.param(
            "wss://kick.example:8443/", Endpoint("kick.example:8443", "kick.example", 8443), id="a last slash"
        ),
        pytest.param("WSS://Kick.Example", Endpoint("Kick.Example", "kick.example", 443), id="capitals"),
        pytest.param("ws://[::1]:6001", Endpoint("[::1]:6001", "::1", 6001, tls=False), id="IPv6"),
        pytest.param("ws://127.0.0.1:65535", Endpoint("127.0.0.1:65535", "127.0.0.1", 65535, tls=False), id="IPv4"),
    ],
)
def test_a_server_of_the_same_protocol_is_named_by_its_url(url: str, endpoint: Endpoint) -> None:
    assert endpoint_at(url) == endpoint


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:6001",
        "http://localhost",
        "ws://",
        "ws://:6001",
        "ws://localhost:0",
        "ws://localhost/app/key",
        "ws://localhost?x=1",
    ],
)
def test_what_is_no_url_of_a_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="an endpoint reads ws://HOST:PORT or wss://HOST:PORT"):
        endpoint_at(url)


@pytest.mark.parametrize("url", ["ws://localhost:65536", "ws://localhost:x", "ws://[::1", "ws://localhost:-1"])
def test_a_url_that_cannot_be_read_is_refused_with_the_reason(url: str) -> None:
    with pytest.raises(ValueError, match="an endpoint reads ws://HOST:PORT"):
        endpoint_at(url)


@given(st.text())
def test_whatever_is_given_as_a_url_is_an_endpoint_or_a_value_error(url: str) -> None:
    try:
        endpoint = endpoint_at(url)
    except ValueError:
        return
    assert endpoint.host
    assert 0 < endpoint.port < 65536


@given(st.from_regex(r"wss?://[^/?#]{1,20}", fullmatch=True))
def test_what_looks_like_a_url_is_an_endpoint_or_a_value_error(url: str) -> None:
    with suppress(ValueError):
        assert endpoint_at(url).tls == url.startswith("wss")


@pytest.mark.parametrize("path", ["X", "XX", "app"])
def test_an_endpoint_has_no_path(path: str) -> None:
    with pytest.raises(ValueError, match=path):
        endpoint_at(f"wss://ws.example/{path}")

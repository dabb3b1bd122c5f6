"""Where Pusher apps are served: clusters by name, and servers of the same protocol by URL. Tables, no state.

Source: Spec: Pusher Channels protocol 7, "Connecting".
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from kick_proto.provider import Endpoint

__all__ = ["KICK_CLUSTERS", "cluster", "endpoint_at"]

KICK_CLUSTERS = ("us2", "eu", "ap1")
"""Where Kick's key is looked for, in this order. It has lived in us2. Source: Seen: 2023 to 2026-09."""

ALIASES: Mapping[str, str] = {"eu1": "eu", "as1": "ap1"}


def cluster(name: str) -> Endpoint:
    """The endpoint of one of Pusher's clusters (some say *region*), by its name.

    Raises:
        ValueError: the name cannot be a cluster's.
    """
    name = ALIASES.get(name, name)
    if not name.isalnum() or not name.isascii():
        raise ValueError(f"a cluster is named like 'us2' or 'eu', not {name!r}")
    return Endpoint(name, f"ws-{name}.pusher.com")


def endpoint_at(url: str) -> Endpoint:
    """The endpoint at ``ws://HOST[:PORT]`` or ``wss://HOST[:PORT]``, for servers that speak the same protocol.

    Raises:
        ValueError: for anything else, with a sentence that says what was expected.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"an endpoint reads ws://HOST:PORT or wss://HOST:PORT, not {url!r} ({error})") from None
    if (
        parts.scheme not in ("ws", "wss")
        or not parts.hostname
        or parts.path.strip("/")
        or parts.query
        or parts.username
        or port == 0
    ):
        raise ValueError(f"an endpoint reads ws://HOST:PORT or wss://HOST:PORT, not {url!r}")
    secure = parts.scheme == "wss"
    return Endpoint(parts.netloc, parts.hostname, port or (443 if secure else 80), secure)

"""A bare socket behind its upgrade: as little as speaks to a WebSocket server at all."""

import socket

from kick_proto.rfc6455 import Send, encode_frame
from tests.bench.target import HOST, Target

__all__ = ["upgraded"]

REQUEST = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def upgraded(target: Target) -> socket.socket:
    """A socket that has subscribed everything, and on which all answers to that have been read."""
    stream = socket.create_connection((HOST, target.place.port), 30.0)
    path = "/" + target.url.split("/", 3)[3]
    stream.sendall(REQUEST.format(path=path, host=HOST).encode())
    heard = b""
    while not heard.endswith(b"}"):
        heard += _more(stream)
    for text in target.greeting:
        stream.sendall(encode_frame(Send.TEXT, text.encode(), b"\0\0\0\0"))
    while heard.count(b"subscription_succeeded") < len(target.topics) or not heard.endswith(b"}"):
        heard += _more(stream)
    return stream


def _more(stream: socket.socket) -> bytes:
    data = stream.recv(65536)
    if not data:
        raise ConnectionError("the server has closed")
    return data

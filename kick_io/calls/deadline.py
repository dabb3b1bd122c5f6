"""A blocking network backend for httpcore that ends at a moment, however slowly the bytes drip.

httpcore limits each single wait; a peer that sends one byte a second never meets such a limit. Inside of
``ends_within`` no wait is longer than what is left of the whole, and when nothing is left it raises ``TimeoutError``.
The async drivers need none of this, for there whole exchanges can be cancelled.
"""

import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore

__all__ = ["TimelyBackend", "ends_within"]

_ends_at: ContextVar[float] = ContextVar("_ends_at")


@contextmanager
def ends_within(seconds: float) -> Iterator[None]:
    """Let what this thread does through a ``TimelyBackend`` in here take so long, and no longer."""
    token = _ends_at.set(time.monotonic() + seconds)
    try:
        yield
    except httpcore.TimeoutException as error:
        if _left() <= 0 and not isinstance(error, httpcore.ConnectTimeout | httpcore.PoolTimeout):
            raise TimeoutError(f"no end within {seconds:g} s") from None
        raise
    finally:
        _ends_at.reset(token)


def _left() -> float:
    return _ends_at.get() - time.monotonic()


def _wait(timeout: float | None) -> float:
    """How long the next wait may be.

    Raises:
        TimeoutError: the moment has come.
    """
    left = _left()
    if left <= 0:
        raise TimeoutError
    return left if timeout is None else min(timeout, left)


class TimelyBackend(httpcore.NetworkBackend):
    """httpcore's blocking backend, for use inside of ``ends_within`` only."""

    def __init__(self) -> None:
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect; httpcore's own interface."""
        return _Stream(self._backend.connect_tcp(host, port, _wait(timeout), local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    """A stream of which each wait is limited twice."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _wait(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _wait(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, _wait(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

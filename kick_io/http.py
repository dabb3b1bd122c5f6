"""HTTP exchanges over httpcore: a ``kick_proto.http.Request`` goes out, a ``Response`` comes back, and no more.

    async with AsyncFetcher() as fetch:
        response = await fetch(request)

``AsyncFetcher`` runs under asyncio and trio, ``Fetcher`` blocks; both keep their connections for the next request. What
may be asked, and how often, is decided elsewhere: nothing is retried here, no redirect is followed, no cookie kept. An
answer is read up to ``Request.max_body`` bytes, within ``Request.timeouts``; what has more comes as far as that, and is
said to be cut. Any callable of the same type may stand in their place, such as one around a client with another TLS
fingerprint.

Where there is no answer ``TransportError`` is raised: ``Unsent`` where the request surely never left, so that it may be
sent again whatever it asks for. None of them holds what was sent, in no cause, context or traceback, and httpcore's
debug log shows nothing of it either.
"""

import re
import ssl
import zlib
from collections.abc import Awaitable, Callable, Iterator
from functools import cache
from types import TracebackType
from typing import Self, TypeAlias
from urllib.parse import urlsplit

import anyio
import httpcore

from kick_io.calls.deadline import TimelyBackend, ends_within
from kick_io.calls.hushed import hushed
from kick_proto.errors import LocalProtocolError, TransportError
from kick_proto.http import Headers, Request, Response

__all__ = ["AsyncFetch", "AsyncFetcher", "BlockingFetch", "Fetcher", "Unsent"]

AsyncFetch: TypeAlias = Callable[[Request], Awaitable[Response]]
"""Performs one exchange. It raises ``Unsent``, or any ``TransportError``, ``OSError`` or ``TimeoutError``."""
BlockingFetch: TypeAlias = Callable[[Request], Response]
"""The same for threads."""

MOST_CONNECTIONS = 10
"""Connections at a time, and connections kept."""
KEPT_FOR = 30.0
"""Seconds that an idle connection is kept."""
CLOSED = "this fetcher is closed: use it inside of its 'with', or make a new one"


class Unsent(TransportError):  # noqa: N818  (it is named after what happened, as all of errors.py is)
    """There was no name, no connection or no TLS: of the request not a byte has left."""


class AsyncFetcher:
    """An ``AsyncFetch`` with a pool of connections, for one event loop; ``async with`` closes them.

    ``ssl_context`` replaces the default one, which trusts what the system trusts; its ALPN is set to HTTP/1.1.
    """

    def __init__(self, *, ssl_context: ssl.SSLContext | None = None) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context or _system_trust(),
            max_connections=MOST_CONNECTIONS,
            max_keepalive_connections=MOST_CONNECTIONS,
            keepalive_expiry=KEPT_FOR,
        )
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closed = True
        with anyio.CancelScope(shield=True):
            await self._pool.aclose()

    async def __call__(self, request: Request) -> Response:
        """Perform the exchange.

        Raises:
            TransportError: there is no answer; ``Unsent`` where there surely was no question.
            LocalProtocolError: the request cannot be written as HTTP, or the fetcher is closed.
        """
        if self._closed:
            raise LocalProtocolError(CLOSED)
        # What failed is handed up as a value and raised here: the frames below this one know what was sent.
        answer = await self._exchange(request)
        if isinstance(answer, Response):
            return answer
        raise answer

    async def _exchange(self, request: Request) -> Response | TransportError | LocalProtocolError:
        try:
            with hushed(), anyio.fail_after(request.timeouts.total) as scope:
                response = await self._pool.handle_async_request(_outgoing(request))
                incoming = _Incoming(response, request)
                try:
                    async for chunk in response.aiter_stream():
                        if not incoming.take(chunk):
                            # Not break: that would leave httpcore's generators to the garbage collector.
                            scope.cancel()
                finally:
                    with anyio.CancelScope(shield=True):
                        await response.aclose()
            return incoming.whole()
        except FAILURES as error:
            return _failure(error, request)


class Fetcher:
    """A ``BlockingFetch`` with a pool of connections, for any number of threads; ``with`` closes them.

    ``ssl_context`` replaces the default one, which trusts what the system trusts; its ALPN is set to HTTP/1.1. The
    lookup of a name is the one thing that may take longer than ``Request.timeouts.total``.
    """

    def __init__(self, *, ssl_context: ssl.SSLContext | None = None) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context or _system_trust(),
            max_connections=MOST_CONNECTIONS,
            max_keepalive_connections=MOST_CONNECTIONS,
            keepalive_expiry=KEPT_FOR,
            network_backend=TimelyBackend(),
        )
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._closed = True
        self._pool.close()

    def __call__(self, request: Request) -> Response:
        """Perform the exchange.

        Raises:
            TransportError: there is no answer; ``Unsent`` where there surely was no question.
            LocalProtocolError: the request cannot be written as HTTP, or the fetcher is closed.
        """
        if self._closed:
            raise LocalProtocolError(CLOSED)
        answer = self._exchange(request)
        if isinstance(answer, Response):
            return answer
        raise answer

    def _exchange(self, request: Request) -> Response | TransportError | LocalProtocolError:
        try:
            with hushed(), ends_within(request.timeouts.total):
                response = self._pool.handle_request(_outgoing(request))
                incoming = _Incoming(response, request)
                try:
                    for chunk in response.iter_stream():
                        if not incoming.take(chunk):
                            break
                finally:
                    response.close()
            return incoming.whole()
        except FAILURES as error:
            return _failure(error, request)


@cache
def _system_trust() -> ssl.SSLContext:
    """Not the context of the WebSockets, for httpcore sets the ALPN of the one that it is given."""
    return ssl.create_default_context()


# What is sent

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A method, or a header's name. Source: Spec: RFC 9110 section 5.6.2."""
PRINTABLE = re.compile(r"[!-~]+")
WITH_CONTENT = ("POST", "PUT", "PATCH")
"""Methods whose requests tell their length, even if it is 0. Source: Spec: RFC 9110 section 8.6."""


def _outgoing(request: Request) -> httpcore.Request:
    """The request as httpcore has it.

    It is checked here, since h11 quotes what it refuses, and that may be a secret.

    Raises:
        LocalProtocolError: it cannot be written as HTTP; the message says which part.
    """
    if not TOKEN.fullmatch(request.method):
        raise LocalProtocolError(f"{request.method!r} is no HTTP method")
    lines = [("host", _authority(request)), *request.header_lines()]
    for name, value in lines:
        if not (TOKEN.fullmatch(name) and value.isascii() and value.isprintable() and value == value.strip()):
            raise LocalProtocolError(f"the header {name!r} holds what no header may: it is one line of printable ASCII")
    if not any(name.lower() == "accept-encoding" for name, _ in lines):
        lines.append(("accept-encoding", "identity"))
    content = request.content()
    if content or request.method in WITH_CONTENT:
        lines.append(("content-length", str(len(content))))
    timeouts = request.timeouts
    waits = {"connect": timeouts.connect, "pool": timeouts.connect, "read": timeouts.read, "write": timeouts.read}
    return httpcore.Request(
        request.method, request.url(), headers=lines, content=content, extensions={"timeout": waits}
    )


def _authority(request: Request) -> str:
    """Host and port as the address has them."""
    try:
        parts = urlsplit(request.address)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.username is None and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not PRINTABLE.fullmatch(request.url()):
        raise LocalProtocolError("a request's address is http:// or https://, a host, a path, in printable ASCII")
    return parts.netloc


# What is answered

WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""How zlib is told what it reads. Source: Spec: RFC 9110 section 8.4.1."""


NOT_COMPRESSED = "the answer is not compressed as it says"


class _Incoming:
    """An answer that is being read. It is held to the limit twice: as it comes, and as it is decompressed.

    Nothing but identity is asked for. Where the server compresses all the same, gzip and deflate are undone; any other
    coding is left as it is, with its ``content-encoding``, and will be no JSON for who reads it.
    """

    def __init__(self, response: httpcore.Response, request: Request) -> None:
        self._status = response.status
        self._headers = tuple(_header_lines(response))
        self._request = request
        self._read = 0
        self._body = bytearray()
        coding = ", ".join(value for name, value in self._headers if name == "content-encoding").strip().lower()
        self._window_bits = WINDOW_BITS.get(coding, 0)
        self._inflater = zlib.decompressobj(self._window_bits) if self._window_bits else None
        self._cut = False
        self._is_garbled = False

    def take(self, chunk: bytes) -> bool:
        """Take some of the body; False where no more of it is wanted."""
        self._read += len(chunk)
        try:
            self._body += chunk if self._inflater is None else self._inflated(self._inflater, chunk)
        except zlib.error:
            self._is_garbled = True
        self._cut = max(self._read, len(self._body)) > self._request.max_body
        return not (self._cut or self._is_garbled)

    def _inflated(self, inflater: "zlib._Decompress", chunk: bytes) -> bytes:
        room = self._request.max_body + 1 - len(self._body)
        made = bytearray()
        while chunk and len(made) < room:
            if inflater.eof:
                inflater = self._inflater = zlib.decompressobj(self._window_bits)
            made += inflater.decompress(chunk, room - len(made))
            chunk = inflater.unconsumed_tail or inflater.unused_data
        return bytes(made)

    def whole(self) -> Response:
        """The answer, when all of it that is wanted has been taken.

        Raises:
            TransportError: what was compressed is broken, or has no end.
        """
        is_unfinished = self._inflater is not None and self._read and not self._inflater.eof
        if self._is_garbled or (is_unfinished and not self._cut):
            raise TransportError(NOT_COMPRESSED)
        headers = self._headers if self._inflater is None else tuple(_without_coding(self._headers))
        return Response(self._status, headers, bytes(self._body[: self._request.max_body]), self._cut)


def _header_lines(response: httpcore.Response) -> Iterator[tuple[str, str]]:
    return ((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers)


def _without_coding(headers: Headers) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in headers if name not in ("content-encoding", "content-length"))


# What goes wrong

FAILURES = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    TransportError,
    LocalProtocolError,
    OSError,
    UnicodeError,
)
"""Whatever an exchange may fail with. ``UnicodeError`` is a host that is no name."""

NEVER_LEFT = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout, UnicodeError)
"""Those of them that come before the first byte of the request."""

MOST_WRAPPINGS = 10

SENTENCES: tuple[tuple[type[Exception], str], ...] = (
    (httpcore.ConnectTimeout, "no connection within {connect:g} s"),
    (httpcore.PoolTimeout, "all connections were busy for {connect:g} s"),
    (httpcore.ConnectError, "no connection: {said}"),
    (UnicodeError, "no connection: that is no host's name"),
    (httpcore.ReadTimeout, "nothing came for {read:g} s"),
    (httpcore.WriteTimeout, "nothing could be sent for {read:g} s"),
    (TimeoutError, "no whole answer within {total:g} s"),
    (httpcore.ProtocolError, "the answer broke off, or is not HTTP"),
    (TransportError, "{said}"),
    (Exception, "the connection broke: {said}"),
)
"""The first row that fits says what happened. Of what the peer sent nothing is quoted."""


def _failure(error: Exception, request: Request) -> TransportError | LocalProtocolError:
    """The error as ours: without the frames and the causes that know the request."""
    if isinstance(error, LocalProtocolError):
        return LocalProtocolError(str(error))
    sentence = next(sentence for kind, sentence in SENTENCES if isinstance(error, kind))
    limits = request.timeouts
    host = urlsplit(request.address).hostname
    told = sentence.format(connect=limits.connect, read=limits.read, total=limits.total, said=_said(error))
    return (Unsent if isinstance(error, NEVER_LEFT) else TransportError)(f"{host}: {told}")


def _said(error: BaseException) -> str:
    """The system's own words, which httpcore, anyio and trio wrap: in arguments, in causes, in groups."""
    for _ in range(MOST_WRAPPINGS):
        inner = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else error.__cause__
        if inner is None and error.args and isinstance(error.args[0], BaseException):
            inner = error.args[0]
        if inner is None:
            break
        error = inner
    return str(error) or type(error).__name__

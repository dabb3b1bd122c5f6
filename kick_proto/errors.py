"""The error tree: one root, four children; branch on their data, not on further classes."""

__all__ = ["ApiError", "KickError", "LocalProtocolError", "RemoteProtocolError", "TransportError"]


class KickError(Exception):
    """The root: catches whatever this library raises on purpose."""


class LocalProtocolError(KickError):
    """The caller did what is not possible now; nothing has changed. The message says what is possible."""


class RemoteProtocolError(KickError):
    """A parser could not read what the peer sent. Machines never let it out; they turn it into an event."""


class TransportError(KickError):
    """There is no connection, and there will be none: refused for good, or every retry failed."""


class ApiError(KickError):
    """A reply of Kick's HTTP API that is not a success.

    ``status`` is the HTTP status, ``code`` Kick's or OAuth's own word for the error where there is one,
    ``retry_after`` the seconds that the server asked to wait.
    """

    def __init__(self, message: str, *, status: int, code: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[object, ...]:
        return _api_error, (str(self), self.status, self.code, self.retry_after)


def _api_error(message: str, status: int, code: str | None, retry_after: float | None) -> ApiError:
    return ApiError(message, status=status, code=code, retry_after=retry_after)

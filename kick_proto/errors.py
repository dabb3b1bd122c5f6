"""The error tree. Branch on its data where that is enough; the classes are for ``except``.

A core machine puts out data (``outcomes.Failure``) and never raises for what a peer did; it is the drivers that raise
these, where a caller waits for an answer.
"""

__all__ = [
    "ApiError",
    "BadResponse",
    "EdgeBlocked",
    "Forbidden",
    "KickError",
    "LocalProtocolError",
    "LoginFailed",
    "NotFound",
    "RateLimited",
    "RemoteProtocolError",
    "ServerError",
    "StoreError",
    "TransportError",
    "Unauthorized",
]


class KickError(Exception):
    """The root: catches whatever this library raises on purpose."""


class LocalProtocolError(KickError):
    """The caller did what is not possible now; nothing has changed. The message says what is possible."""


class RemoteProtocolError(KickError):
    """A parser could not read what the peer sent. Machines never let it out; they turn it into an event."""


class TransportError(KickError):
    """There is no connection, and there will be none: refused for good, or every retry failed."""


class LoginFailed(KickError):
    """A login did not come about; ``code`` is OAuth's word for it (``access_denied``), or ours (``state_mismatch``)."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[object, ...]:
        return _login_failed, (str(self), self.code)


class StoreError(KickError):
    """The file that keeps tokens or ids cannot be used; it has not been changed. The message says what to do."""


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
        return _api_error, (type(self), str(self), self.status, self.code, self.retry_after)


class NotFound(ApiError):
    """There is nothing of that name or number."""


class Unauthorized(ApiError):
    """No token, or one that is not valid (any more): log in, or log in again."""


class Forbidden(ApiError):
    """The token is good, and does not allow this: a scope or a role is missing."""


class EdgeBlocked(ApiError):
    """Kick's edge did not let the request through to Kick; the message names the ways out."""


class RateLimited(ApiError):
    """Too many requests, also after waiting as asked."""


class ServerError(ApiError):
    """Kick failed (5xx), also when asked again."""


class BadResponse(ApiError):
    """A success that cannot be read: no JSON, another shape, too large, or a redirect that is not followed."""


def _api_error(
    kind: type[ApiError], message: str, status: int, code: str | None, retry_after: float | None
) -> ApiError:
    return kind(message, status=status, code=code, retry_after=retry_after)


def _login_failed(message: str, code: str) -> LoginFailed:
    return LoginFailed(message, code=code)

"""What came of a call that did not succeed, as a value: one classifier for all of Kick's hosts.

Kick answers with six kinds of error body, and its edge with two more; a 403 may mean any of four things. So the body is
read before the status is believed. Nothing here raises on what a peer sent, and what is kept of a body is short and
has no secrets in it.

Source: Seen: recorded replies, 2023 to 2026; Docs: KickEngineering/KickDevDocs, "Generating Tokens", "API" (2026-06).
"""

import re
from collections.abc import Callable, Mapping
from enum import Enum
from itertools import islice
from typing import Any

import msgspec

from kick_proto import errors
from kick_proto.http import Response, retry_after

__all__ = ["Failure", "Outcome", "classify", "redacted", "too_large"]

LONGEST = 300
"""Characters of a server's own words that are kept."""
READ_AT_MOST = 64 * 1024
"""Bytes of an error's body that are read."""


class Outcome(Enum):
    """The ways in which a call can fail."""

    NOT_FOUND = "not found"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    EDGE_BLOCKED = "blocked by the edge"
    RATE_LIMITED = "rate limited"
    SERVER_ERROR = "server error"
    BAD_RESPONSE = "bad response"
    REJECTED = "rejected"
    """Any other 4xx: what was asked is not possible. ``code`` and the message say why."""
    UNREACHABLE = "unreachable"
    """There was no answer."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no result; ``message`` is a sentence for people.

    ``status`` is the HTTP status (None where there was no answer), ``code`` the server's own word, ``retry_after`` the
    seconds that it asked to wait.
    """

    outcome: Outcome
    message: str
    status: int | None = None
    code: str | None = None
    retry_after: float | None = None

    def error(self) -> errors.KickError:
        """As an exception, for a driver to raise."""
        kind = ERRORS.get(self.outcome)
        if kind is None:
            return errors.TransportError(self.message)
        return kind(self.message, status=self.status or 0, code=self.code, retry_after=self.retry_after)


ERRORS: Mapping[Outcome, type[errors.ApiError]] = {
    Outcome.NOT_FOUND: errors.NotFound,
    Outcome.UNAUTHORIZED: errors.Unauthorized,
    Outcome.FORBIDDEN: errors.Forbidden,
    Outcome.EDGE_BLOCKED: errors.EdgeBlocked,
    Outcome.RATE_LIMITED: errors.RateLimited,
    Outcome.SERVER_ERROR: errors.ServerError,
    Outcome.BAD_RESPONSE: errors.BadResponse,
    Outcome.REJECTED: errors.ApiError,
}
"""The exception of each; what is not here never had an answer."""

BY_STATUS: Mapping[int, Outcome] = {
    401: Outcome.UNAUTHORIZED,
    403: Outcome.FORBIDDEN,
    404: Outcome.NOT_FOUND,
    419: Outcome.UNAUTHORIZED,
    429: Outcome.RATE_LIMITED,
}
"""What a status means where the body does not say better. Source: Seen: 419 is the site's word for a dead session."""

WAYS_OUT = (
    "Kick's edge did not let this request through, which it decides by TLS fingerprint and address, not by what was "
    "asked. Ways out: give the channel's ids by hand; log in and use the official API; or pass a fetch callable of "
    "your own that looks like a browser"
)
"""Source: Seen: blocked and passed requests by client, 2023 to 2026."""

TOO_LARGE = "ask for less at a time, or set max_body higher"

CHALLENGE = b"<title>just a moment"
"""Where the edge's page begins to be known. Source: Seen: 403, 2024. Guess: ``cf-mitigated``, and other statuses."""
BLOCKED = "request blocked"
"""How the edge's JSON begins. Source: Seen: "Request blocked by security policy.", 2025 and 2026."""
NOT_LOGGED_IN = "user is not authenticated"
"""What the site says with a 403 that is a 401. Source: Seen: POST /api/v2/messages/send, 2026."""


def classify(response: Response, unix_now: float) -> Failure | None:
    """Why the response is no success, or None where it is one.

    ``unix_now`` is the wall clock (unix seconds), against which a ``Retry-After`` date is held.
    """
    if 200 <= response.status < 300 and not _is_challenge(response):
        return too_large(response) if response.cut else None
    code, text = _words(response)
    outcome = _outcome(response, code, text)
    return Failure(
        outcome=outcome,
        message=_sentence(outcome, response.status, code, text),
        status=response.status,
        code=code,
        retry_after=retry_after(response.headers, unix_now),
    )


def too_large(response: Response) -> Failure:
    """What a success is that has more bytes than may be read: none, and asked for again it would be no smaller."""
    told = f"the answer is larger than max_body, and {len(response.body):,} bytes of it were read: {TOO_LARGE}"
    return Failure(
        outcome=Outcome.BAD_RESPONSE,
        message=_sentence(Outcome.BAD_RESPONSE, response.status, None, told),
        status=response.status,
    )


def _is_challenge(response: Response) -> bool:
    """The edge's own page in the place of an answer. It comes with a 403 as a rule, and with any status at times."""
    return response.header("cf-mitigated") is not None or (
        _is_html(response) and CHALLENGE in response.body[:READ_AT_MOST].lower()
    )


def _outcome(response: Response, code: str | None, text: str | None) -> Outcome:
    said = f"{code or ''} {text or ''}".lower()
    if _is_challenge(response) or (response.status == 403 and (not _is_kicks(response) or BLOCKED in said)):
        return Outcome.EDGE_BLOCKED
    if response.status == 403 and NOT_LOGGED_IN in said:
        return Outcome.UNAUTHORIZED
    if response.status >= 500:
        return Outcome.SERVER_ERROR
    if response.status >= 400:
        return BY_STATUS.get(response.status, Outcome.REJECTED)
    return Outcome.BAD_RESPONSE


def _sentence(outcome: Outcome, status: int, code: str | None, text: str | None) -> str:
    if outcome is Outcome.EDGE_BLOCKED:
        return f"{WAYS_OUT} (HTTP {status})"
    words = ": ".join(dict.fromkeys(each for each in (code, text) if each))
    return f"HTTP {status}, {outcome.value}" + (f": {words}" if words else "")


def _is_html(response: Response) -> bool:
    kind = response.header("content-type") or ""
    begins = response.body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")[:5].lower()
    return "html" in kind.lower() or begins in (b"<!doc", b"<html")


def _is_kicks(response: Response) -> bool:
    """Whether a 403 may be Kick's own, which are JSON; the edge also writes pages, and numbers in plain text."""
    if _is_html(response):
        return False
    try:
        msgspec.json.decode(response.body[:READ_AT_MOST].strip() or b"null", type=msgspec.Raw)
    except (ValueError, RecursionError):
        return False
    return True


# The words of an error, wherever they stand


def _words(response: Response) -> tuple[str | None, str | None]:
    """The server's own code and sentence, each where there is one."""
    if _is_html(response):
        return None, None
    try:
        body = msgspec.json.decode(response.body[:READ_AT_MOST])
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None, _short(response.body[:READ_AT_MOST].decode("utf-8", "replace"))
    if not isinstance(body, dict):
        return None, _short(body)
    said = [found for read in SAID if (found := read(body)) is not None]
    return _short(body.get("error")), _short("; ".join(dict.fromkeys(said)))


def _validation(body: dict[str, Any]) -> str | None:
    """``{"errors": {"field": ["text"]}}``, as Laravel writes it."""
    fields = body.get("errors")
    if not isinstance(fields, dict):
        return None
    several = ((name, texts if isinstance(texts, list) else [texts]) for name, texts in islice(fields.items(), 5))
    return "; ".join(f"{name}: {each}" for name, texts in several for each in texts[:3] if _text(each)) or None


def _status(body: dict[str, Any]) -> str | None:
    """``{"status": {"code": ..., "message": ...}}``."""
    status = body.get("status")
    return _text(status.get("message")) if isinstance(status, dict) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


SAID: tuple[Callable[[dict[str, Any]], str | None], ...] = (
    lambda body: _text(body.get("error_description")),
    _validation,
    lambda body: _text(body.get("data")),
    _status,
    lambda body: _text(body.get("message")),
)
"""Where sentences stand in an error's body, the most telling first."""

_HIDDEN = re.compile(
    r"""(?ixa)
    (?: \b \w* (?: token | secret | verifier | passw (?: or )? d | playback_url | credentials? | signature | jwt )
      | \b (?: \w* _ )? (?: api )? key
      | \b (?: pwd | sig )
      | (?: \b | %26 | %3f ) (?: code | \w* session (?: _? id )? ) (?= = | %3d ) )
    \\* ["']? \s* (?: [=:]+ >? | %3d ) \s* \\* ["']? (?: (?: bearer | basic | token ) \s+ )? [^\s"'&,;}]+
    | \b \w* (?: authorization | cookie ) \\* ["']? \s* (?: [=:]+ >? | %3d ) \s* \\* ["']? [^"'}\r\n]+
    | \b bearer :? \s+ \S+
    | (?<= :// ) [^\s/?#@]{1,256} (?= @ )
    | \b eyJ [\w-]{8,} (?: \. [\w-]* )*
    | \b (?= [a-z_]* [0-9] ) \w{32,}
    """
)
"""A name of something secret and what stands behind it, also within quoted JSON; of a header that may hold several, all
that stands there; who logs in, within a URL; or what has a token's looks: a JWT, or an unbroken run of letters and
digits. What is short and has no name, or one that nobody knows, looks like any other word, and stays.

Each branch begins where a word does, or takes no more than a bound, so that hostile text takes linear time."""


_CUT = re.compile(r"(?a)(?<!\w)\w+\Z")
"""A word at the end. It begins where no other does, so that any text takes linear time."""


def redacted(text: str, *, most: int | None = None) -> str:
    """The text without what looks like a secret: tokens, keys, signed URLs. It may hide too much, and never too little
    of what was ever seen.

    Of a text that is longer than ``most`` characters only these are read, without the word at their end: half a secret
    looks like none.
    """
    if most is not None and len(text) > most:
        text = _CUT.sub("", text[:most])
    return _HIDDEN.sub("<redacted>", text)


def _short(value: object) -> str | None:
    if not isinstance(value, str) or not value.strip():
        return None
    text = " ".join(redacted(value, most=4 * LONGEST).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "\N{HORIZONTAL ELLIPSIS}"

"""What goes wrong with requests beyond what the mock itself can do: connections, strange limits, tokens, loose tongues.

``Outage`` befalls the way to a host; all others shape a reply, as ``testing.site.trouble`` has it.
"""

from enum import Enum
from urllib.parse import parse_qsl

import msgspec

from kick_proto.http import Response
from kick_proto.testing.simulation.http.secrets import MARK
from kick_proto.testing.site.answers import enveloped, json_reply, oauth_error, page, unauthorized
from kick_proto.testing.site.exchange import SiteReply, SiteRequest
from kick_proto.testing.site.trouble import Perform

__all__ = [
    "Busy",
    "Denied",
    "Outage",
    "OutageKind",
    "NoTokens",
    "Talkative",
    "Terse",
    "Unrelenting",
    "Voiceless",
]


class OutageKind(Enum):
    """What becomes of a connection: none comes about, it is lost on the way there, or nobody ever answers."""

    NO_CONNECTION = "no connection"
    LOST = "lost on the way"
    SILENT = "never answered"


class Outage(msgspec.Struct, frozen=True):
    """The request does not come to the host."""

    kind: OutageKind

    def shape(self, unix_now: float, request: SiteRequest, perform: Perform) -> SiteReply:
        """Nothing is answered: whoever carries requests must not ask.

        Raises:
            TypeError: always.
        """
        raise TypeError("an outage has no answer")


class Unrelenting(msgspec.Struct, frozen=True):
    """429 with a ``Retry-After`` that no clock knows, or that asks for a long time."""

    told: str

    def shape(self, unix_now: float, request: SiteRequest, perform: Perform) -> SiteReply:
        """Too much was asked."""
        reply = enveloped({}, "Too many requests", 429)
        return SiteReply(response=_with(reply, "retry-after", self.told))


class Busy(msgspec.Struct, frozen=True):
    """503 that names the seconds to wait."""

    seconds: int

    def shape(self, unix_now: float, request: SiteRequest, perform: Perform) -> SiteReply:
        """Come back later."""
        return SiteReply(response=_with(page("busy", 503), "retry-after", str(self.seconds)))


class Denied(msgspec.Struct, frozen=True):
    """401, whatever token came along; it may be in the manner of the site, which says 419."""

    status: int = 401

    def shape(self, unix_now: float, request: SiteRequest, perform: Perform) -> SiteReply:
        """The token is not taken."""
        reply = unauthorized()
        return SiteReply(response=Response(self.status, reply.headers, reply.body))


class NoTokens(msgspec.Struct, frozen=True):
    """The OAuth server's no, in its own words."""

    code: str = "invalid_grant"
    status: int = 400

    def shape(self, unix_now: float, request: SiteRequest, perform: Perform) -> SiteReply:
        """No tokens."""
        return SiteReply(response=oauth_error(self.code, "so decided", self.status))


class Talkative(msgspec.Struct, frozen=True):
    """An error that repeats all that was sent along: tokens, codes, secrets."""

    status: int = 400

    def shape(self, unix_now: float, request: SiteRequest, perform: Perform) -> SiteReply:
        """It says too much."""
        sent = [*parse_qsl(request.body.decode("utf-8", "replace")), ("authorization", request.header("authorization"))]
        told = ", ".join(f"{name}={value}" for name, value in sent if value)
        return SiteReply(response=json_reply({"error": "bad", "error_description": f"no: {told}"}, self.status))


class Voiceless(msgspec.Struct, frozen=True):
    """200 with a body that says nothing, or says it in a wrong type."""

    body: bytes = b""
    kind: str = "text/plain"

    def shape(self, unix_now: float, request: SiteRequest, perform: Perform) -> SiteReply:
        """Nothing that could be read."""
        return SiteReply(response=Response(200, (("content-type", self.kind),), self.body))


class Terse(msgspec.Struct, frozen=True):
    """An access token that nobody knows, with no word about how long it lives, and no refresh token."""

    def shape(self, unix_now: float, request: SiteRequest, perform: Perform) -> SiteReply:
        """A token."""
        return SiteReply(response=json_reply({"access_token": MARK * 7, "token_type": "bearer"}))


def _with(reply: Response, name: str, value: str) -> Response:
    return Response(reply.status, (*reply.headers, (name, value)), reply.body)

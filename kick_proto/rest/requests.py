"""From a call to the request that is sent: base, headers of the host, token.

Source: Seen: kick.com lets a plain client pass that sends what a browser sends in these headers, 2026; Guess: that they
matter at web.kick.com too. The official API asks for none of them.
"""

from collections.abc import Mapping
from typing import Any, Final

from kick_proto import __version__
from kick_proto.endpoints.call import Call, Host
from kick_proto.http import Pairs, Request, Timeouts
from kick_proto.rest.redirects import Target
from kick_proto.secret import Secret

__all__ = ["AGENT", "BROWSER", "HEADERS", "bearer", "request_for"]

AGENT: Final = f"kick-proto/{__version__}"
"""What the official servers are told of us."""
BROWSER: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
"""What the site is told."""

_JSON: Pairs = (("accept", "application/json"),)
_PAGE: Pairs = (*_JSON, ("accept-language", "en-US,en;q=0.9"), ("referer", "https://kick.com/"))

HEADERS: Mapping[Host, Pairs] = {
    Host.API: (("user-agent", AGENT), *_JSON),
    Host.SITE: (("user-agent", BROWSER), *_PAGE),
    Host.WEB: (("user-agent", BROWSER), *_PAGE),
    Host.ID: (("user-agent", AGENT), *_JSON),
}
"""What is sent to each host, unless the configuration or the call has a header of that name itself."""


def bearer(token: Secret) -> Pairs:
    """The header that carries an access token. Source: Spec: RFC 6750 section 2.1."""
    return (("authorization", Secret(f"Bearer {token.reveal()}")),)


def request_for(
    call: Call[Any],
    base: str,
    *,
    headers: Pairs,
    token: Secret | None,
    to: Target | None,
    timeouts: Timeouts,
    most: int,
) -> Request:
    """The request of a call to the server at ``base``, or the one that a redirect led it to.

    ``headers`` go before those of the host, and the call's own before both. ``most`` is how many bytes are read.
    """
    address, query = (base + call.path, call.query) if to is None else (to.address, to.query)
    lines = dict((*HEADERS[call.host], *headers))
    own = {name for name, _ in call.headers}
    return Request(
        method=call.method,
        address=address,
        query=query,
        headers=(
            *((name, value) for name, value in lines.items() if name not in own),
            *call.headers,
            *(bearer(token) if token is not None else ()),
        ),
        body=call.body,
        form=call.form,
        timeouts=timeouts,
        max_body=most,
    )

"""What ``kick doctor`` makes of what its probes found: a table from findings to sentences. Nobody is asked here.

A finding says which check found what, in a word, about whom, and with which details. The table says whether that is
bad, how to put it, and what to do about it.
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import NamedTuple

import msgspec

__all__ = ["MEANINGS", "Check", "Finding", "Line", "Mark", "Meaning", "clock", "diagnose", "is_well", "scopes"]


class Check(Enum):
    """What is looked at, in this order."""

    DNS = "dns"
    TCP = "tcp"
    TLS = "tls"
    WEBSOCKET = "websocket"
    KEY = "key"
    IDS = "ids"
    API = "api"
    CLOCK = "clock"
    STORE = "store"
    TOKEN = "token"
    SCOPES = "scopes"


class Mark(Enum):
    """How bad it is."""

    GOOD = "ok"
    NOTE = "note"
    """Nothing that has to be done."""
    BAD = "bad"
    SKIPPED = "skipped"


class Finding(msgspec.Struct, frozen=True):
    """What a check has found: a word of ``MEANINGS``, about whom, and details for its sentence."""

    check: Check
    word: str
    subject: str = ""
    detail: str = ""


class Meaning(NamedTuple):
    """How bad it is, how to put it, and what to do; the texts have gaps for ``subject`` and ``detail``."""

    mark: Mark
    sentence: str
    advice: str = ""


class Line(msgspec.Struct, frozen=True):
    """A finding, put in words."""

    check: str
    mark: str
    sentence: str
    advice: str


ELSEWHERE = "try again, and from another network: a firewall, a proxy or the provider may be in the way"
BY_HAND = (
    "three ways out: give the ids by hand (kick watch CHANNEL:CHATROOM; a browser shows both at "
    "https://kick.com/api/v2/channels/{subject} as 'id' and 'chatroom.id'), log in and use the official API, or let a "
    "program of yours pass a fetch callable that looks like a browser"
)

MEANINGS: Mapping[tuple[Check, str], Meaning] = {
    (Check.DNS, "found"): Meaning(Mark.GOOD, "{subject} is {detail}"),
    (Check.DNS, "missing"): Meaning(
        Mark.BAD, "{subject} has no address: {detail}", "check the network, and the DNS server or filter that is used"
    ),
    (Check.TCP, "open"): Meaning(Mark.GOOD, "{subject} takes connections"),
    (Check.TCP, "refused"): Meaning(Mark.BAD, "{subject} cannot be connected to: {detail}", ELSEWHERE),
    (Check.TLS, "trusted"): Meaning(Mark.GOOD, "{subject} has proved who it is, by {detail}"),
    (Check.TLS, "unused"): Meaning(Mark.SKIPPED, "{subject} is asked without TLS"),
    (Check.TLS, "untrusted"): Meaning(
        Mark.BAD,
        "{subject} has not proved who it is: {detail}",
        "check the clock and the system's certificates; a proxy that opens TLS must have its own among them",
    ),
    (Check.WEBSOCKET, "open"): Meaning(Mark.GOOD, "{subject} speaks WebSocket"),
    (Check.WEBSOCKET, "refused"): Meaning(Mark.BAD, "{subject} opened no WebSocket: {detail}", ELSEWHERE),
    (Check.KEY, "served"): Meaning(Mark.GOOD, "{subject} serves {detail}"),
    (Check.KEY, "unknown"): Meaning(
        Mark.BAD,
        "{subject} does not serve it: {detail}",
        "Kick's app is in another cluster or has another key now: update, or give --key and --cluster of its page",
    ),
    (Check.KEY, "silent"): Meaning(
        Mark.BAD, "{subject} did not say that the connection is established: {detail}", ELSEWHERE
    ),
    (Check.IDS, "unasked"): Meaning(Mark.SKIPPED, "no channel was named", "kick doctor SLUG looks one up"),
    (Check.IDS, "known"): Meaning(Mark.GOOD, "{subject} is {detail}"),
    (Check.IDS, "wrong"): Meaning(Mark.BAD, "{detail}", "give a name as it stands behind https://kick.com/"),
    (Check.IDS, "nobody"): Meaning(
        Mark.BAD, "there is no channel {subject}", "check the name: it stands behind https://kick.com/"
    ),
    (Check.IDS, "blocked"): Meaning(Mark.BAD, "Kick's edge does not let this machine look up {subject}", BY_HAND),
    (Check.IDS, "unanswered"): Meaning(
        Mark.BAD,
        "{subject} could not be looked up: {detail}",
        "try again, or give the ids by hand: kick watch CHANNEL:CHATROOM",
    ),
    (Check.API, "answers"): Meaning(Mark.GOOD, "{subject} answers"),
    (Check.API, "failing"): Meaning(Mark.BAD, "{subject} answers with an error: {detail}", "try again later"),
    (Check.API, "blocked"): Meaning(
        Mark.BAD, "the edge before {subject} does not let this machine ask", "try from another network or address"
    ),
    (Check.API, "unreachable"): Meaning(Mark.BAD, "{subject} does not answer: {detail}", ELSEWHERE),
    (Check.CLOCK, "unknown"): Meaning(Mark.SKIPPED, "no answer told the time"),
    (Check.CLOCK, "right"): Meaning(Mark.GOOD, "this machine's clock is right"),
    (Check.CLOCK, "wrong"): Meaning(
        Mark.BAD, "this machine's clock is {detail}", "set the clock: certificates and tokens are held against it"
    ),
    (Check.STORE, "sound"): Meaning(Mark.GOOD, "{detail}"),
    (Check.STORE, "unusable"): Meaning(Mark.BAD, "{detail}", "do what it says; nothing was changed"),
    (Check.TOKEN, "unread"): Meaning(Mark.SKIPPED, "the store cannot be read"),
    (Check.TOKEN, "none"): Meaning(Mark.SKIPPED, "nobody has logged in as {subject}", "{detail}, if you want to write"),
    (Check.TOKEN, "valid"): Meaning(Mark.GOOD, "{subject} is logged in, {detail}"),
    (Check.TOKEN, "invalid"): Meaning(Mark.BAD, "the login of {subject} is not valid any more", "{detail}"),
    (Check.TOKEN, "unanswered"): Meaning(
        Mark.BAD, "nobody can say whether the login of {subject} is valid: {detail}", "try again later"
    ),
    (Check.SCOPES, "unasked"): Meaning(Mark.SKIPPED, "there is no login of a user to have scopes"),
    (Check.SCOPES, "enough"): Meaning(Mark.GOOD, "{subject} may do all that kick does: {detail}"),
    (Check.SCOPES, "missing"): Meaning(
        Mark.NOTE, "{subject} has not got {detail}", "log in again with --scopes, if something needs that"
    ),
}
"""What each finding means."""

ENDPOINT_CHECKS = frozenset({Check.DNS, Check.TCP, Check.TLS, Check.WEBSOCKET, Check.KEY})
"""Those of which one server that passes all is enough."""


def diagnose(findings: Iterable[Finding]) -> tuple[Line, ...]:
    """The findings in words. Where one server serves the key, it does no harm that another one does not."""
    found = tuple(findings)
    is_served = any((each.check, each.word) == (Check.KEY, "served") for each in found)
    return tuple(_line(each, is_served) for each in found)


def _line(finding: Finding, is_served: bool) -> Line:
    meaning = MEANINGS[finding.check, finding.word]
    forgiven = meaning.mark is Mark.BAD and is_served and finding.check in ENDPOINT_CHECKS
    sentence, advice = (
        text.format(subject=finding.subject, detail=finding.detail) for text in (meaning.sentence, meaning.advice)
    )
    return Line(
        check=finding.check.value,
        mark=(Mark.NOTE if forgiven else meaning.mark).value,
        sentence=sentence,
        advice="" if forgiven else advice,
    )


def is_well(lines: Iterable[Line]) -> bool:
    """Whether nothing is bad."""
    return all(line.mark != Mark.BAD.value for line in lines)


# Findings that are numbers or names first

TOLERANCE = 30.0
"""Seconds that a clock may be off: more than an answer takes, and less than any token's margin."""
NEEDED = ("user:read", "channel:read", "chat:write")
"""What the commands of ``kick`` make use of."""


def clock(ahead: float | None) -> Finding:
    """The clock, which is so many seconds ahead of the server's; None where nobody told the time."""
    if ahead is None:
        return Finding(Check.CLOCK, "unknown")
    if abs(ahead) <= TOLERANCE:
        return Finding(Check.CLOCK, "right")
    return Finding(Check.CLOCK, "wrong", detail=f"{abs(ahead):,.0f} s {'ahead' if ahead > 0 else 'behind'}")


def scopes(subject: str, granted: Iterable[str]) -> Finding:
    """What a login may do, held against what the commands need."""
    held = frozenset(granted)
    if missing := [scope for scope in NEEDED if scope not in held]:
        return Finding(Check.SCOPES, "missing", subject, " ".join(missing))
    return Finding(Check.SCOPES, "enough", subject, " ".join(sorted(held)))

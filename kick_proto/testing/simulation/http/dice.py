"""What a seed comes to over HTTP: which programs there are, which troubles exist, how likely, and when they strike.

``draw`` is a pure function of the seed, with a generator of its own: what is drawn for sessions is not changed by it.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from kick_proto import oauth, rest
from kick_proto.backoff import Backoff
from kick_proto.endpoints.call import Host
from kick_proto.endpoints.oauth import Place
from kick_proto.http import Timeouts
from kick_proto.testing.simulation.chance import Chance
from kick_proto.testing.simulation.decisions import TwinKind
from kick_proto.testing.simulation.dice import Dice
from kick_proto.testing.simulation.http import decisions as d
from kick_proto.testing.simulation.http.decisions import HttpDecision
from kick_proto.testing.simulation.http.network import SITES
from kick_proto.testing.simulation.http.plans import CallerPlan, ProgramPlan, WebPlan
from kick_proto.testing.simulation.http.troubles import (
    Busy,
    Denied,
    NoTokens,
    Outage,
    OutageKind,
    Talkative,
    Terse,
    Unrelenting,
    Voiceless,
)
from kick_proto.testing.site.exchange import Cut
from kick_proto.testing.site.ledger import Lifetimes
from kick_proto.testing.site.trouble import (
    Blocked,
    Challenged,
    CutOff,
    Limited,
    Redirected,
    Slow,
    Spoiled,
    Struck,
    Trouble,
)

__all__ = ["KINDS", "TROUBLES", "draw"]

LARGEST_BODY = 20_000
"""Bytes that some clients read of an answer at most; every proper answer is smaller."""

TROUBLES: tuple[Callable[[Dice], Trouble], ...] = (
    *[lambda dice: Outage(dice.pick(tuple(OutageKind)))] * 3,
    *[lambda dice: Limited(dice.pick((None, None, 0, 1, 7, 30, 90)), dice.pick(("seconds", "date")))] * 3,
    lambda dice: Unrelenting(dice.pick(("soon", "-5", "", "1.5", "Thu, 99 Xyz 2026", "99999999999999"))),
    *[lambda dice: Struck(dice.pick((500, 502, 503, 504)), dice.pick(("json", "html")))] * 2,
    lambda dice: Busy(dice.pick((0, 3, 20, 200))),
    *[lambda dice: Denied(dice.pick((401, 401, 401, 419)))] * 2,
    *[lambda dice: CutOff(dice.pick((Cut.BEFORE, Cut.HALFWAY)))] * 2,
    *[lambda dice: Slow(dice.pick((0.5, 5.0, 19.5, dice.between(5.0, 90.0))))] * 2,
    lambda dice: Spoiled(dice.pick(("html", "truncated", "large")), LARGEST_BODY + 1),
    lambda dice: Voiceless(dice.pick((b"", b"OK", b"null", b"[]", b'{"data":7}', b"\xff\xfe", b"[" * 2_000))),
    lambda dice: Challenged() if dice.chance(0.5) else Blocked(),
    lambda dice: Talkative(dice.pick((400, 401, 403, 422, 500))),
    lambda dice: Redirected(dice.pick((None, None, "https://elsewhere.example/x")), dice.pick((301, 302, 307))),
)
"""What may go wrong at any host."""

NO_TOKENS: tuple[Callable[[Dice], Trouble], ...] = (
    lambda dice: NoTokens(dice.pick(("invalid_grant", "invalid_grant", "invalid_request", "invalid_client")), 400),
    lambda dice: NoTokens("invalid_grant", dice.pick((401, 403, 500))),
    lambda dice: CutOff(Cut.BEFORE),
    lambda dice: Terse(),
    *TROUBLES,
)
"""What may go wrong at the OAuth server."""


def _host(dice: Dice) -> Host:
    return dice.pick((Host.API, Host.API, Host.API, Host.ID, Host.ID, Host.SITE))


def _trouble(dice: Dice, host: Host) -> Trouble:
    return dice.pick(NO_TOKENS if host is Host.ID else TROUBLES)(dice)


def _unlucky(dice: Dice, at: float) -> HttpDecision:
    host = _host(dice)
    path = dice.pick(("", "", "/oauth/token", "/oauth/revoke")) if host is Host.ID else ""
    return d.Unlucky(at, host, _trouble(dice, host), dice.pick((1, 1, 2, 3, 6)), path)


def _climate(dice: Dice, at: float) -> HttpDecision:
    host = _host(dice)
    return d.Climate(at, host, _trouble(dice, host), dice.between(0.1, 1.0), dice.until(at, 1_200.0))


BROWSES: tuple[d.Browse, ...] = (*[d.Browse.AGREES] * 5, *d.Browse)


def _nap(dice: Dice, at: float, numbers: "_Numbers", programs: int) -> HttpDecision:
    busy = dice.pick((0, 0, 1, 2, 4))
    first = dice.pick((*d.First, d.First.COMMAND))
    return d.Nap(at, dice.count(0, programs - 1), dice.about(1.0, 9_000.0), first, numbers.take(busy), busy)


def _hang(dice: Dice, at: float) -> HttpDecision:
    """Renewals and logins that hang, one after the other."""
    return d.Unlucky(at, Host.ID, Outage(OutageKind.SILENT), dice.count(1, 6), "/oauth/token")


def _runaround(dice: Dice, at: float) -> HttpDecision:
    """A host that sends whoever asks to where they ask already."""
    return d.Unlucky(at, dice.pick((Host.API, Host.SITE)), Redirected(None, 302), dice.count(2, 8), "")


class _Numbers:
    """Numbers for calls: each has its own, whatever is left out of a schedule."""

    def __init__(self) -> None:
        self.next = 1

    def take(self, count: int) -> int:
        first, self.next = self.next, self.next + count
        return first


Make: TypeAlias = Callable[[Dice, float, _Numbers, int], HttpDecision]


def _submit(dice: Dice, at: float, numbers: _Numbers, programs: int) -> HttpDecision:
    count = dice.pick((1, 1, 1, 2, 3, 8))
    return d.Submit(at, dice.app(), dice.pick(tuple(d.CallKind)), numbers.take(count), count)


KINDS: Mapping[str, tuple[float, float, Make]] = {
    "calls": (0.95, 40.0, _submit),
    "abandoned calls": (0.6, 10.0, lambda r, at, _, __: d.Abandon(at, r.app(), r.between(0.0, 0.999))),
    "logins": (0.6, 6.0, lambda r, at, _, __: d.Login(at, r.app(), r.pick(BROWSES), r.about(0.5, 900.0))),
    "commands": (0.7, 8.0, lambda r, at, _, __: d.Command(at, r.app(), r.pick(tuple(d.AskSelf)))),
    "renewals": (0.5, 10.0, lambda r, at, _, __: d.Command(at, r.app(), d.AskSelf.REFRESH)),
    "other processes": (0.4, 4.0, lambda r, at, _, __: d.Adopt(at, r.app(), r.chance(0.6))),
    "bare tokens": (0.7, 6.0, lambda r, at, _, __: d.SetToken(at, r.app(), r.chance(0.8))),
    "slow stores": (0.5, 6.0, lambda r, at, _, __: d.Storing(at, r.app(), r.pick((0.0, 0.1, 2.0, 25.0, 60.0, None)))),
    "ends": (0.5, 4.0, lambda r, at, _, __: d.End(at, r.app(), r.chance(0.5))),
    "unlucky requests": (0.9, 30.0, lambda r, at, _, __: _unlucky(r, at)),
    "hanging renewals": (0.4, 4.0, lambda r, at, _, __: _hang(r, at)),
    "runarounds": (0.4, 4.0, lambda r, at, _, __: _runaround(r, at)),
    "bad climates": (0.6, 6.0, lambda r, at, _, __: _climate(r, at)),
    "forgetful servers": (0.5, 5.0, lambda r, at, _, __: d.Forget(at, r.pick(tuple(d.What)))),
    "clock jumps": (0.5, 6.0, _nap),
    "twins": (
        0.7,
        4.0,
        lambda r, at, _, programs: d.CopyProgram(at, r.count(0, programs - 1), r.pick(tuple(TwinKind)), r.count(3, 40)),
    ),
}
"""Each kind: the chance that a seed has it, how many an hour at most, and how one is made at a moment."""


def _weather(dice: Dice) -> list[HttpDecision]:
    found: list[HttpDecision] = []
    if dice.chance(0.8):
        least = dice.between(0.0, 0.5)
        found.append(d.Lag(0.0, least, least + dice.between(0.0, 4.0)))
    if dice.chance(0.5):
        found.append(d.WebTardy(0.0))
    return found


def _schedule(dice: Dice, programs: int) -> tuple[HttpDecision, ...]:
    found, numbers = _weather(dice), _Numbers()
    for share, most, make in KINDS.values():
        if dice.chance(share):
            count = dice.count(1, 3) + int(dice.about(0.2, most) * dice.safety / 3_600.0)
            found += [make(dice, dice.moment(), numbers, programs) for _ in range(count)]
    return tuple(sorted(found, key=lambda decision: decision.at))


def _caller(dice: Dice, rate: float, burst: float) -> CallerPlan:
    base = dice.between(0.5, 2.0)
    calls = rest.Config(
        sites=SITES,
        rate=rate,
        burst=burst,
        in_flight=dice.pick((1, 1, 2, 4)),
        backoff=Backoff(
            base=base,
            cap=dice.between(base, 30.0),
            retries=dice.pick((3, 3, 3, 0, 1)),
            jitter="full" if dice.chance(0.6) else "none",
        ),
        pause=dice.pick((5.0, 5.0, 1.0)),
        longest_pause=dice.pick((60.0, 60.0, 20.0)),
        hold=dice.pick((120.0, 120.0, 30.0)),
        max_queued=dice.pick((3, 1_000, 1_000)),
        max_body=dice.pick((LARGEST_BODY, rest.Config().max_body)),
        timeouts=dice.pick((Timeouts(), Timeouts(total=8.0))),
    )
    config = oauth.Config(
        rest=calls,
        login_timeout=dice.pick((600.0, 600.0, 60.0)),
        store_timeout=dice.pick((30.0, 30.0, 5.0)),
        revoke_place=dice.pick(tuple(Place)),
    )
    is_account, is_logged_in = dice.chance(0.75), dice.chance(0.8)
    return CallerPlan(is_account, config, is_account and is_logged_in, dice.between(0.0, 20.0))


def _program(dice: Dice, count: int) -> ProgramPlan:
    rate, burst = dice.pick(((1.0, 1.0), (1.0, 1.0), (1.0, 3.0), (5.0, 2.5), (0.5, 1.0)))
    return ProgramPlan(rate, burst, tuple(_caller(dice, rate, burst) for _ in range(count)))


def draw(seed: int, hours: float) -> tuple[WebPlan, tuple[HttpDecision, ...]]:
    """Draw the programs of a seed, and what befalls them in ``hours`` of faults."""
    rng = Chance(f"{seed}/web plan")
    counts = ((1,), (1,), (2,), (1, 1))[int(rng.random() * 4)]
    dice = Dice(rng, hours * 3_600.0, (), sum(counts))
    lifetimes = Lifetimes(
        access=dice.pick((7_200.0, 600.0, 120.0)),
        refresh=dice.pick((30 * 86_400.0, 30 * 86_400.0, 7_200.0)),
        app=dice.pick((5_184_000.0, 900.0)),
        refresh_grace=dice.pick((600.0, 0.0)),
    )
    programs = tuple(_program(dice, count) for count in counts)
    return WebPlan(lifetimes, programs), _schedule(dice, len(programs))

"""The second phase over HTTP: nothing goes wrong any more, and within a stated bound every caller can call again."""

from kick_proto.account import Account
from kick_proto.rest import Config, Replied
from kick_proto.testing.simulation.http.callers import Caller
from kick_proto.testing.simulation.http.deciding import call_of
from kick_proto.testing.simulation.http.decisions import CallKind
from kick_proto.testing.simulation.http.network import CALM, HttpNetwork
from kick_proto.testing.simulation.http.weighing import MOST_AT_REST, weight
from kick_proto.testing.simulation.laws import Law, Violation

__all__ = ["Proof", "recovery_bound"]

FIRST_PROBE = 1_000_000_000
"""The number of the first call that is made to see whether calls can be made."""


def recovery_bound(config: Config) -> float:
    """Seconds within which a call is answered that is open when nothing goes wrong any more, or is made then.

    It waits for a new token at most ``hold``, for its turns at most ``hold``, and for its last answer at most
    ``timeouts.total``; after a 401 it may do all that once more.
    """
    return 2.0 * (2.0 * config.hold + config.timeouts.total)


class Proof:
    """Sees to it that every caller recovers. ``is_given`` is True once each has."""

    def __init__(self, net: HttpNetwork) -> None:
        self._net = net
        self._proven: set[int] = set()
        self._probes = FIRST_PROBE
        self._refused: dict[int, int] = {}

    @property
    def is_given(self) -> bool:
        """Whether every caller has been seen to call again."""
        return len(self._proven) == len(self._net.callers)

    def begin(self) -> None:
        """From now on nothing goes wrong."""
        net = self._net
        net.is_calm = True
        net.unlucky.clear()
        net.climates.clear()
        net.lag = (0.0, CALM)
        for caller in net.callers:
            caller.stores_after = CALM
            self._after(caller, self._must_be_idle)

    def _after(self, caller: Caller, due: object) -> None:
        at = self._net.time.now + recovery_bound(caller.plan.config.rest)
        self._net.time.at(at, due, caller)  # type: ignore[arg-type]

    def _must_be_idle(self, caller: Caller) -> None:
        if caller.open:
            raise Violation(Law.RECOVERY, f"{len(caller.open)} calls of before are open still")
        remembered = weight(caller.witness.machine)
        if remembered > MOST_AT_REST:
            raise Violation(Law.BOUNDED, f"with no call open, {remembered} things are remembered")
        self._probe(caller)
        self._after(caller, self._see_first)

    def _probe(self, caller: Caller) -> None:
        self._probes += 1
        kind = CallKind.LIVESTREAMS if caller.plan.is_account else CallKind.PAGE
        self._net.tell(caller, "submit", call_of(kind, self._probes))

    def _see_first(self, caller: Caller) -> None:
        """A call is answered; where it is refused, nobody is logged in any more, and somebody logs in.

        Tokens that cannot be renewed are no better than none. One call may be refused for tokens that had waited to be
        stored, and are no better; the next must find that out.
        """
        machine = caller.witness.machine
        if self._is_answered(caller):
            self._proven.add(caller.number)
        elif isinstance(machine, Account) and not machine.is_renewable:
            self._net.log_in(caller, 2.0)
            self._after(caller, self._try_again)
        else:
            refused = self._refused[caller.number] = self._refused.get(caller.number, 0) + 1
            if refused > 1:
                raise Violation(Law.RECOVERY, f"all is well, and a call comes to nothing: {caller.last}")
            self._must_be_idle(caller)

    def _try_again(self, caller: Caller) -> None:
        self._probe(caller)
        self._after(caller, self._see_second)

    def _see_second(self, caller: Caller) -> None:
        if not self._is_answered(caller):
            raise Violation(Law.RECOVERY, f"after a login a call comes to nothing: {caller.last}")
        self._proven.add(caller.number)

    def _is_answered(self, caller: Caller) -> bool:
        return not caller.open and isinstance(caller.last, Replied)

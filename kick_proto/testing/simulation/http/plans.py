"""What is decided of the HTTP half of a world before it begins: programs, their machines, and how long tokens live."""

import msgspec

from kick_proto import oauth
from kick_proto.testing.site.ledger import Lifetimes

__all__ = ["NO_WEB", "CallerPlan", "ProgramPlan", "WebPlan"]


class CallerPlan(msgspec.Struct, frozen=True):
    """A machine: an account or a mere client, its settings, and seconds until another replaces it when it has ended.

    ``is_logged_in`` gives an account stored tokens to begin with.
    """

    is_account: bool
    config: oauth.Config
    is_logged_in: bool
    pause: float


class ProgramPlan(msgspec.Struct, frozen=True):
    """A program: machines that share the pace at which Kick may be asked (requests a second, and at once)."""

    rate: float
    burst: float
    callers: tuple[CallerPlan, ...]


class WebPlan(msgspec.Struct, frozen=True):
    """All programs, and the lifetimes of the mock's tokens."""

    lifetimes: Lifetimes
    programs: tuple[ProgramPlan, ...]

    @property
    def callers(self) -> tuple[tuple[int, CallerPlan], ...]:
        """The program's number and the plan of each machine, in the order of their own numbers."""
        return tuple((number, each) for number, program in enumerate(self.programs) for each in program.callers)


NO_WEB = WebPlan(Lifetimes(), ())
"""Nobody calls."""

"""What may be decided about programs and hosts over HTTP; ``caller`` is a machine's number, ``program`` a program's.

All are frozen values, as ``simulation.decisions`` are; ``deciding`` carries them out. Times are seconds.
"""

from enum import Enum
from typing import TypeAlias

import msgspec

from kick_proto.endpoints.call import Host
from kick_proto.testing.simulation.decisions import TwinKind
from kick_proto.testing.site.trouble import Trouble

__all__ = [
    "Abandon",
    "Adopt",
    "AskSelf",
    "Browse",
    "CallKind",
    "Climate",
    "Command",
    "CopyProgram",
    "End",
    "First",
    "Forget",
    "HttpDecision",
    "Lag",
    "Login",
    "Nap",
    "SetToken",
    "Storing",
    "Submit",
    "Unlucky",
    "WebTardy",
    "What",
]


class CallKind(Enum):
    """The calls that applications make here."""

    PROFILE = "profile"
    CHANNELS = "channels"
    SAY = "say"
    CHANGE = "change"
    LIVESTREAMS = "livestreams"
    PAGE = "page"
    USER = "user"
    """Asked for by a name that there is not, and then by one that there is."""


class Browse(Enum):
    """What comes of a login in the browser."""

    AGREES = "agrees"
    DENIES = "denies"
    NEVER = "never comes back"
    TWICE = "comes back twice"
    STRANGER = "comes back with another's state"
    NONSENSE = "comes back with nonsense"


class What(Enum):
    """What the OAuth server forgets."""

    ACCESS = "access tokens expire"
    REFRESH = "refresh tokens expire"
    ALL = "everything is revoked"


class AskSelf(Enum):
    """Commands of a grant without arguments."""

    REFRESH = "refresh"
    REVOKE = "revoke"
    INTROSPECT = "introspect"
    APP_TOKEN = "request_app_token"


class First(Enum):
    """What a program that wakes late does first: its timers, its mail, or what somebody wants of it."""

    TIMERS = "timers"
    MAIL = "mail"
    COMMAND = "command"


class Lag(msgspec.Struct, frozen=True, tag=True):
    """From now on each request and each reply takes a time between these."""

    at: float
    least: float
    most: float


class WebTardy(msgspec.Struct, frozen=True, tag=True):
    """From now on the driver still hands over answers to requests that were cancelled."""

    at: float


class Submit(msgspec.Struct, frozen=True, tag=True):
    """The application makes so many calls at once, numbered from ``first``."""

    at: float
    caller: int
    kind: CallKind
    first: int
    count: int


class Abandon(msgspec.Struct, frozen=True, tag=True):
    """The application wants one of its calls no longer: the one at this share of those that are open."""

    at: float
    caller: int
    share: float


class Login(msgspec.Struct, frozen=True, tag=True):
    """Somebody begins to log in, and comes back from the browser after so long."""

    at: float
    caller: int
    browse: Browse
    seconds: float


class Command(msgspec.Struct, frozen=True, tag=True):
    """The application gives a command of its grant."""

    at: float
    caller: int
    command: AskSelf


class Adopt(msgspec.Struct, frozen=True, tag=True):
    """Another process has logged in anew, or the same tokens are taken up once more."""

    at: float
    caller: int
    is_new: bool


class SetToken(msgspec.Struct, frozen=True, tag=True):
    """A client without an account gets a token, or none."""

    at: float
    caller: int
    has_one: bool


class Storing(msgspec.Struct, frozen=True, tag=True):
    """From now on new tokens are stored after so many seconds; None is never."""

    at: float
    caller: int
    seconds: float | None


class End(msgspec.Struct, frozen=True, tag=True):
    """The application closes its machine, and begins another one later; ``again`` closes it twice."""

    at: float
    caller: int
    again: bool


class Unlucky(msgspec.Struct, frozen=True, tag=True):
    """The next ``times`` requests to the host have this trouble, those below ``path``."""

    at: float
    host: Host
    trouble: Trouble
    times: int
    path: str


class Climate(msgspec.Struct, frozen=True, tag=True):
    """Until then each request to the host has this trouble with that probability."""

    at: float
    host: Host
    trouble: Trouble
    probability: float
    until: float


class Forget(msgspec.Struct, frozen=True, tag=True):
    """The OAuth server lets tokens end before their time."""

    at: float
    what: What


class Nap(msgspec.Struct, frozen=True, tag=True):
    """The clock of a program jumps ahead by so much: its timers and answers come late, in one order or another.

    Just before, each of its machines makes ``busy`` calls, numbered from ``number`` on.
    """

    at: float
    program: int
    seconds: float
    first: First
    number: int
    busy: int


class CopyProgram(msgspec.Struct, frozen=True, tag=True):
    """From now on, for so many steps, a deep copy of a program's machines goes along."""

    at: float
    program: int
    kind: TwinKind
    steps: int


HttpDecision: TypeAlias = (
    Lag
    | WebTardy
    | Submit
    | Abandon
    | Login
    | Command
    | Adopt
    | SetToken
    | Storing
    | End
    | Unlucky
    | Climate
    | Forget
    | Nap
    | CopyProgram
)

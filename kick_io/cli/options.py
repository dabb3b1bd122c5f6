"""The options that several commands share. Light: ``--help`` imports this, and nothing that does the work."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

__all__ = [
    "DRIVERS",
    "FASTEST",
    "LONGEST",
    "account",
    "amount",
    "as_json",
    "driver",
    "faults",
    "in_a_folder",
    "one_json",
    "rate",
    "record",
    "seconds",
    "seed",
    "site",
    "whose",
]

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

LONGEST = 1e9
"""Seconds, about thirty years: every clock and timer can still count that far."""
FASTEST = 50_000.0
"""Acts a second; the mock's own limit."""

DRIVERS = ("asyncio", "trio", "blocking")

DEFAULT_ACCOUNT = "default"
"""The account that is meant where none is named; the same as everywhere."""


def amount(
    most: float, *, or_none: bool = False
) -> Callable[[click.Context, click.Parameter, float | None], float | None]:
    """A check of a number: above 0, or 0 too, up to a limit. ``click.FloatRange`` would let "nan" through."""

    def check(ctx: click.Context, param: click.Parameter, number: float | None) -> float | None:
        if number is None or 0 < number <= most or (or_none and number == 0):
            return number
        least = "from 0" if or_none else "above 0"
        raise click.BadParameter(f"{number:g} is no number {least} up to {most:,.0f}", ctx, param)

    return check


def in_a_folder(ctx: click.Context, param: click.Parameter, path: str | None) -> str | None:
    """A check of a path: the folder is there, so that the file can be made."""
    if path is not None and not Path(path).absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {str(Path(path).parent)!r}", ctx, param)
    return path


def as_json(command: CommandT) -> CommandT:
    """``--json``, as ``as_json``."""
    text = "One line of JSON for each event, and nothing else."
    return click.option("--json", "as_json", is_flag=True, help=text)(command)


def one_json(command: CommandT) -> CommandT:
    """``--json``, as ``as_json``, where there is one answer."""
    text = "One line of JSON, and nothing else."
    return click.option("--json", "as_json", is_flag=True, help=text)(command)


def site(command: CommandT) -> CommandT:
    """``--site``, None for Kick itself."""
    text = "Ask the Kick that is there, with /api, /site, /web and /id below it, as kick mock serve has them."
    return click.option("--site", metavar="URL", envvar="KICK_SITE", show_envvar=True, help=text)(command)


def account(command: CommandT) -> CommandT:
    """The argument ``ACCOUNT``."""
    return click.argument("account", default=DEFAULT_ACCOUNT)(command)


def whose(command: CommandT) -> CommandT:
    """``--account``, as ``account``."""
    text = "In the name of this account."
    return click.option("--account", default=DEFAULT_ACCOUNT, show_default=True, metavar="NAME", help=text)(command)


def driver(command: CommandT) -> CommandT:
    """``--driver``, one of ``DRIVERS``."""
    text = "What to run on; what is shown is the same."
    kinds = click.Choice(DRIVERS)
    return click.option("--driver", type=kinds, default=DRIVERS[0], show_default=True, help=text)(command)


def faults(command: CommandT) -> CommandT:
    """``--faults``."""
    text = "Let much go wrong: garbage, duplicates, lost connections."
    return click.option("--faults", is_flag=True, help=text)(command)


def rate(*, or_none: bool = False) -> Callable[[CommandT], CommandT]:
    """``--rate``; ``or_none`` lets it be 0."""
    text = "How much happens, in acts a second" + ("; 0 for nothing." if or_none else ".")
    check = amount(FASTEST, or_none=or_none)
    return click.option("--rate", type=float, callback=check, default=40.0, show_default=True, metavar="N", help=text)


def record(command: CommandT) -> CommandT:
    """``--record``, a path, or None."""
    text = "Write all that happens to this file, for kick replay; a name that ends in .zst has it compressed."
    kind = click.Path(dir_okay=False, writable=True)
    return click.option("--record", type=kind, callback=in_a_folder, metavar="FILE", help=text)(command)


def seconds(command: CommandT) -> CommandT:
    """``--seconds``, None where Ctrl-C is to end it."""
    text = "End after so many seconds; with Ctrl-C by default."
    return click.option("--seconds", type=float, callback=amount(LONGEST), metavar="N", help=text)(command)


def seed(command: CommandT) -> CommandT:
    """``--seed``."""
    return click.option("--seed", type=int, metavar="N", help="Make what is left to chance the same each time.")(
        command
    )

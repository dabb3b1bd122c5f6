"""The table of commands, and how one of them is run: what it prints when it fails, and its exit code.

A command's module is imported when the command is asked for; the list in ``kick --help`` comes from the table alone.
"""

import io
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import NamedTuple

import click

from kick_io.cli.output.sanitize import visible
from kick_io.cli.stopping import Stop
from kick_proto import __version__
from kick_proto.errors import KickError, LocalProtocolError

__all__ = ["COMMANDS", "Commands", "Row", "kick", "run"]


class Row(NamedTuple):
    """Where a command is, and what the list of commands says of it."""

    module: str
    name: str
    help: str


COMMANDS: Mapping[str, Row] = {
    "watch": Row("kick_io.cli.watch", "watch", "Show what happens on channels, as it happens."),
    "demo": Row("kick_io.cli.demo", "demo", "Show a lively channel that is made up, without a network."),
    "mock": Row("kick_io.cli.mock", "mock", "Be a Kick on this machine, to develop against."),
    "replay": Row("kick_io.cli.replay", "replay", "Show a recording, as it happened, or check it."),
    "anonymise": Row("kick_io.cli.anonymise", "anonymise", "Make of a recording one that tells of nobody."),
    "login": Row("kick_io.cli.account", "login", "Log in, so that other commands can act in your name."),
    "logout": Row("kick_io.cli.account", "logout", "Make the tokens of an account useless, and forget them."),
    "whoami": Row("kick_io.cli.account", "whoami", "Show who is logged in, with which scopes, and until when."),
    "user": Row("kick_io.cli.ask", "user", "Show who a channel belongs to, its ids, and what is on."),
    "send": Row("kick_io.cli.ask", "send", "Write into a channel's chat."),
    "doctor": Row("kick_io.cli.doctor", "doctor", "Find out why something does not work, and what to do."),
    "drift": Row("kick_io.cli.drift", "drift", "Show where recorded frames differ from what is known of them."),
}


class Commands(click.Group):
    """A group whose commands are the table's."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself, imported now."""
        row = COMMANDS.get(cmd_name)
        if row is None:
            return None
        command = getattr(import_module(row.module), row.name)
        assert isinstance(command, click.Command)  # noqa: S101 (the table is ours)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments before the command; ``--help`` and ``--version`` write already here."""
        with _readers_may_leave():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        with _readers_may_leave():
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, row.help) for name, row in COMMANDS.items()])


@contextmanager
def _readers_may_leave() -> Iterator[None]:
    """That nobody reads the output any more is an end like any other; click would call it a failure."""
    try:
        yield
    except BrokenPipeError:
        raise click.exceptions.Exit(0) from None


@click.group(cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kick", message="%(prog)s %(version)s")
@click.pass_context
def kick(ctx: click.Context) -> None:
    """Kick.com as it happens: chat, bans, subscriptions, streams going live and offline.

    \b
    Examples:
      kick demo                a made-up channel, to see what this looks like
      kick watch xqc           a real one, by its name or by its ids, like 668:668
      kick watch xqc --json    one event a line, for other programs
      kick login               log in; then: kick send xqc "hello"
      kick doctor xqc          what is wrong, where something is
      kick mock serve          a Kick on this machine, for your tests
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def run(stop: Stop) -> int:
    """Run what ``sys.argv`` says; the exit code. Whatever goes wrong is one sentence on stderr."""
    _prepare_output()
    try:
        code = kick.main(prog_name="kick", standalone_mode=False, obj=stop)
    except click.ClickException as error:
        where = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx is not None else "kick"
        return _complain(f"{where}: {error.format_message()}", error.exit_code)
    except LocalProtocolError as error:
        return _complain(f"kick: {error}", 2)
    except KickError as error:
        return _complain(f"kick: {error}", 1)
    except OSError as error:
        return _complain(f"kick: {error.strerror or error}", 1)
    # What a command returns is nothing, and click's Exit comes back as its code.
    return code if isinstance(code, int) else 0


def _prepare_output() -> None:
    """Let no character be one that cannot be written, and let a stream that was closed swallow what it is given."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (it stays open until the end)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _complain(sentence: str, code: int) -> int:
    with suppress(OSError):
        click.echo(" ".join(visible(sentence).split()), err=True)
    return code

"""``kick replay``: its options, and what they come to."""

import click

from kick_io.cli import options
from kick_io.cli.stopping import Stop

__all__ = ["replay"]


@click.command(short_help="Show a recording, as it happened, or check it.")
@click.argument("file", type=click.Path(dir_okay=False, exists=True, allow_dash=True))
@options.as_json
@click.option(
    "--speed",
    type=float,
    callback=options.amount(options.LONGEST),
    default=1.0,
    show_default=True,
    metavar="N",
    help="So many times as fast as it happened.",
)
@click.option(
    "--until",
    type=float,
    callback=options.amount(options.LONGEST),
    metavar="SECONDS",
    help="End there, in the recording's time.",
)
@click.option("--check", is_flag=True, help="Show nothing: compare with what was recorded. Exit code 1 if it differs.")
@click.pass_obj
def replay(stop: Stop, *, file: str, as_json: bool, speed: float, until: float | None, check: bool) -> None:
    """Show a recording, as it happened, or check it.

    FILE is what watch --record or demo --record has written; "-" is standard input. The frames are decoded anew, by the
    same machines that decode what comes from a socket.

    \b
    Examples:
      kick replay today.ndjson
      kick replay today.ndjson --speed 60
      kick replay today.ndjson --json --speed 1e6 | jq -r .type
      kick replay today.ndjson --check
    """
    # Only here: --help need not wait for what does the work.
    from kick_io.cli.recordings import replaying  # noqa: PLC0415

    transcript = replaying.opened(file)
    if check:
        replaying.check(transcript)
    else:
        replaying.show(transcript, "json" if as_json else "text", replaying.Pace(speed, until), stop)

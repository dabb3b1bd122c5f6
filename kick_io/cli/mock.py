"""``kick mock serve``: the mock Kick for other programs."""

import click

from kick_io.cli import options
from kick_io.cli.stopping import Stop

__all__ = ["mock", "serve"]


@click.group(short_help="Be a Kick on this machine, to develop against.", invoke_without_command=True)
@click.pass_context
def mock(ctx: click.Context) -> None:
    """Be a Kick on this machine, to develop against.

    \b
    Example:
      kick mock serve --port 6001
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@mock.command(short_help="Serve until Ctrl-C.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=6001, show_default=True, metavar="N", help="0: any that is free."
)
@click.option("--channel", default="668:668", show_default=True, metavar="IDS", help="Whose events are published.")
@options.rate(or_none=True)
@click.option(
    "--personality",
    type=click.Choice(["hosted", "soketi", "reverb"]),
    default="hosted",
    show_default=True,
    help="Whose manners to have: those of Pusher's own service, or of another server.",
)
@click.option(
    "--activity-timeout",
    type=float,
    callback=options.amount(options.LONGEST),
    metavar="N",
    help="Seconds of silence after which clients are to ping; the personality's own by default.",
)
@options.seed
@options.faults
@click.pass_obj
def serve(
    stop: Stop,
    *,
    port: int,
    channel: str,
    rate: float,
    personality: str,
    activity_timeout: float | None,
    seed: int | None,
    faults: bool,
) -> None:
    """Serve until Ctrl-C: what clients of Kick connect to, with the traffic of one channel that is made up.

    \b
    Examples:
      kick mock serve
      kick mock serve --port 0 --rate 500 --seed 7
      kick mock serve --personality soketi --faults
      kick watch 668:668 --endpoint ws://127.0.0.1:6001
    """
    # Only here: --help need not wait for what does the work.
    from kick_io.cli import targets  # noqa: PLC0415
    from kick_io.cli.mocked import playing  # noqa: PLC0415
    from kick_proto.testing.faults import CHAOS, NO_FAULTS  # noqa: PLC0415

    (wanted,) = targets.channels([channel])
    playing.serve(
        playing.Role(
            channel=wanted,
            rate=rate,
            seed=seed,
            faults=CHAOS if faults else NO_FAULTS,
            personality=personality,
            activity_timeout=activity_timeout,
        ),
        port,
        stop,
    )

"""``kick demo``: a mock Kick and a watch of it, in one process and over real sockets."""

import click

from kick_io.cli import options
from kick_io.cli.stopping import Stop

__all__ = ["demo"]


@click.command(short_help="Show a lively channel that is made up, without a network.")
@options.as_json
@options.rate()
@options.seed
@options.faults
@options.seconds
@options.record
@options.driver
@click.pass_obj
def demo(
    stop: Stop,
    *,
    as_json: bool,
    rate: float,
    seed: int | None,
    faults: bool,
    seconds: float | None,
    record: str | None,
    driver: str,
) -> None:
    """Show a lively channel that is made up, without a network.

    Only Kick itself is played, by a server on this machine: sockets, protocol and decoding are the real ones. To show
    every event that there is, it also plays those that Kick tells only to people who are logged in, and one that
    cannot be read. It logs in there too, by OAuth over HTTP, and says something in the chat.

    \b
    Examples:
      kick demo
      kick demo --rate 5 --seconds 60
      kick demo --faults              lose the connection now and then
      kick demo --json --seconds 3 | jq -r .type | sort | uniq -c
      kick demo --seconds 10 --record demo.ndjson
    """
    # Only here: --help need not wait for what does the work.
    from kick_io.cli import targets  # noqa: PLC0415
    from kick_io.cli.mocked import greeting, playing  # noqa: PLC0415
    from kick_io.cli.watching import running  # noqa: PLC0415
    from kick_proto.testing.faults import CHAOS  # noqa: PLC0415

    calm_or_not = CHAOS if faults else playing.CALM
    role = playing.Role(channel=playing.DEMO, rate=rate, seed=seed, faults=calm_or_not, everything=True)
    with playing.kick(role) as mock, greeting.guest(mock, playing.DEMO) as guest:
        running.watch(
            running.Subject((playing.DEMO,), targets.app(mock.url)),
            running.Manner("json" if as_json else "text"),
            stop,
            driver=driver,
            seconds=seconds,
            record=record,
        )
    click.echo(guest.story(), err=True)

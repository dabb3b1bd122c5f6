"""``kick watch``: its options, and what they come to."""

import click

from kick_io.cli import options
from kick_io.cli.stopping import Stop

__all__ = ["watch"]


@click.command(short_help="Show what happens on channels, as it happens.")
@click.argument("ids", nargs=-1, required=True, metavar="TARGET...")
@options.as_json
@click.option("--raw", is_flag=True, help="With --json: add the frame that the event came in, as received.")
@click.option(
    "--only",
    multiple=True,
    metavar="GROUPS",
    help="Show these groups of events, and subscribe only what carries them: "
    "chat, deletions, pins, bans, subs, support, polls, settings, stream, raids, followers, unknown, connection, all.",
)
@click.option("--endpoint", metavar="URL", help="Connect to this server: ws://HOST:PORT or wss://HOST:PORT.")
@click.option("--cluster", "clusters", multiple=True, metavar="NAME", help="Look for Kick in this cluster; repeatable.")
@click.option("--key", metavar="KEY", help="The key of the Pusher app, if it is not Kick's.")
@click.option(
    "--retries", type=click.IntRange(0), metavar="N", help="Give up after so many retries in a row; never by default."
)
@click.option(
    "--sessions",
    type=click.IntRange(1, 1_000),
    default=1,
    show_default=True,
    metavar="N",
    help="Divide the channels among so many connections; one carries 166 channels with all their topics.",
)
@click.option(
    "--shard",
    metavar="I/N",
    help="Watch only the share of the I-th of N processes, each of which is given the same targets.",
)
@options.site
@options.seconds
@options.record
@options.driver
@click.pass_obj
def watch(
    stop: Stop,
    *,
    ids: tuple[str, ...],
    as_json: bool,
    raw: bool,
    only: tuple[str, ...],
    endpoint: str | None,
    clusters: tuple[str, ...],
    key: str | None,
    retries: int | None,
    sessions: int,
    shard: str | None,
    site: str | None,
    seconds: float | None,
    record: str | None,
    driver: str,
) -> None:
    """Show what happens on channels, as it happens, and reconnect for ever.

    A TARGET is a channel's name, or its id and its chatroom's id, like 668:668. Names are looked up before it begins,
    and remembered. Ctrl-C ends it, with a summary on stderr.

    \b
    Examples:
      kick watch xqc
      kick watch xqc 4598:4530 --only chat,subs
      kick watch xqc --json | jq -r .text
      kick watch 668:668 --record today.ndjson
      kick watch 668:668 --endpoint ws://127.0.0.1:6001
      kick watch $(cat channels) --json --sessions 8 --shard 1/2
    """
    if raw and not as_json:
        raise click.UsageError("--raw adds to lines of JSON: use it with --json")
    # Only here: --help need not wait for what does the work.
    from kick_io.cli import targets  # noqa: PLC0415
    from kick_io.cli.http import resolving  # noqa: PLC0415
    from kick_io.cli.watching import running  # noqa: PLC0415
    from kick_proto.shards import divide  # noqa: PLC0415

    manner = running.Manner("json with raw" if raw else "json" if as_json else "text", targets.wanted(only))
    provider = targets.app(endpoint, clusters, key)
    place, count = targets.shard(shard)
    channels = divide(resolving.channels(ids, site, stop), count)[place]
    if not channels:
        click.echo(f"shard {shard} has none of these channels: there is nothing to watch", err=True)
        return
    running.watch(
        running.Subject(channels, provider, retries, sessions),
        manner,
        stop,
        driver=driver,
        seconds=seconds,
        record=record,
    )

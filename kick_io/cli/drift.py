"""``kick drift``: its options, and what they come to."""

from typing import BinaryIO

import click

__all__ = ["drift"]


@click.command(short_help="Show where recorded frames differ from what is known of them.")
@click.argument("file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each difference, and nothing else.")
def drift(file: BinaryIO, *, as_json: bool) -> None:
    """Show where recorded frames differ from what is known of them, with a fixture for each new shape.

    FILE ("-" for standard input) is a recording, or holds a frame a line: as JSON with "event", "channel" and "data",
    or as kick watch --json --raw writes it. Nothing that anybody wrote is shown: only names, types and counts.

    \b
    Examples:
      kick watch 668:668 --record today.ndjson
      kick drift today.ndjson
      kick drift today.ndjson --json | jq -r 'select(.kind == "unknown event").event'
    """
    # Only here: --help need not wait for what does the work.
    from kick_io.cli.recordings import drifting  # noqa: PLC0415
    from kick_proto.recording.packing import lines_of  # noqa: PLC0415

    lines = (line.decode("utf-8", "replace") for line in lines_of(file.read))
    drifting.run(lines, "json" if as_json else "text")

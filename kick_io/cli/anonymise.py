"""``kick anonymise``: its options, and what they come to."""

import click

from kick_io.cli import options

__all__ = ["anonymise"]


@click.command(short_help="Make of a recording one that tells of nobody.")
@click.argument("file", type=click.Path(dir_okay=False, exists=True, allow_dash=True))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, writable=True),
    callback=options.in_a_folder,
    required=True,
    metavar="FILE",
    help="Where to.",
)
@click.option(
    "--key-file",
    type=click.Path(dir_okay=False, exists=True),
    metavar="FILE",
    help="Make the pseudonyms with the key in this file: always the same ones. With a new key by default.",
)
def anonymise(*, file: str, output: str, key_file: str | None) -> None:
    """Make of a recording one that tells of nobody, to show it to others.

    Names, texts, ids, addresses and pictures get pseudonyms of the same length, equal ones equal ones; times are set
    back by some weeks. Names of events, badges, colours and counts stay. Whoever was there may know it again by those.

    \b
    Examples:
      kick anonymise today.ndjson -o shown.ndjson
      kick anonymise today.ndjson -o shown.ndjson.zst --key-file key
    """
    # Only here: --help need not wait for what does the work.
    from kick_io.cli.recordings import anonymising  # noqa: PLC0415

    anonymising.run(file, output, key_file)

"""``kick doctor``: its options, and what they come to."""

import click

from kick_io.cli import options
from kick_io.cli.stopping import Stop

__all__ = ["doctor"]


@click.command(short_help="Find out why something does not work, and what to do.")
@click.argument("slug", required=False)
@options.whose
@click.option(
    "--endpoint", metavar="URL", help="Look at this server, and at no cluster: ws://HOST:PORT or wss://HOST:PORT."
)
@click.option("--cluster", "clusters", multiple=True, metavar="NAME", help="Look at this cluster; repeatable.")
@click.option("--key", metavar="KEY", help="The key of the Pusher app, if it is not Kick's.")
@options.site
@click.option("--json", "as_json", is_flag=True, help="One line of JSON for each check, and nothing else.")
@click.pass_obj
def doctor(
    stop: Stop,
    *,
    slug: str | None,
    account: str,
    endpoint: str | None,
    clusters: tuple[str, ...],
    key: str | None,
    site: str | None,
    as_json: bool,
) -> None:
    """Find out why something does not work, and what to do: one line for each check. Exits with 1 where one is bad.

    It looks up Kick's servers, connects, asks for the ids of the channel SLUG, asks the API, compares the clock, and
    looks at the stored login.

    \b
    Examples:
      kick doctor
      kick doctor xqc --json
      kick doctor --endpoint ws://127.0.0.1:6001 --site http://127.0.0.1:6001
    """
    # Only here: --help need not wait for what does the work.
    from kick_io.cli import targets  # noqa: PLC0415
    from kick_io.cli.checkup import examining  # noqa: PLC0415
    from kick_io.cli.http.identity import Identity  # noqa: PLC0415

    patient = examining.Patient(Identity(account, site), targets.app(endpoint, clusters, key), slug)
    if not examining.examine(patient, "json" if as_json else "text", stop):
        raise click.exceptions.Exit(1)

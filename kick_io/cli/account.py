"""``kick login``, ``kick logout`` and ``kick whoami``: their options, and what they come to."""

import click

from kick_io.cli import options
from kick_io.cli.stopping import Stop

__all__ = ["login", "logout", "whoami"]

TIMEOUT = 300.0
"""Seconds that a person has for logging in."""


@click.command(short_help="Log in, so that other commands can act in your name.")
@options.account
@click.option(
    "--client-id",
    metavar="ID",
    envvar="KICK_CLIENT_ID",
    show_envvar=True,
    help="The id of your application, as Kick's developer page shows it; the one of the last login by default.",
)
@click.option(
    "--scopes",
    metavar="LIST",
    help="What it may do; by default what kick itself needs: user:read channel:read chat:write.",
)
@click.option(
    "--redirect-uri",
    metavar="URL",
    help="As it was registered, to the letter; http://localhost:38080/callback by default.",
)
@click.option("--paste", is_flag=True, help="Use a browser elsewhere, and paste the address that it ends up at.")
@click.option("--no-browser", is_flag=True, help="Only print the address that is to be opened on this machine.")
@click.option("--app", "for_app", is_flag=True, help="Log in as the application itself, which stands for no user.")
@click.option(
    "--seconds",
    type=float,
    default=TIMEOUT,
    show_default=True,
    callback=options.amount(options.LONGEST),
    metavar="N",
    help="Give up after so many seconds.",
)
@options.site
@click.pass_obj
def login(
    stop: Stop,
    *,
    account: str,
    client_id: str | None,
    scopes: str | None,
    redirect_uri: str | None,
    paste: bool,
    no_browser: bool,
    for_app: bool,
    seconds: float,
    site: str | None,
) -> None:
    """Log in, so that other commands can act in your name. ACCOUNT is your own name for it, "default" by default.

    Kick knows applications by an id and a secret, which its developer page gives you (https://kick.com/settings/developer).
    The secret is read from KICK_CLIENT_SECRET, or asked for. Tokens and secret are kept encrypted.

    \b
    Examples:
      kick login
      kick login bot --scopes "user:read chat:write" --paste
      kick login api --app
      kick login --site http://127.0.0.1:6001
    """
    if paste + no_browser + for_app > 1:
        raise click.UsageError("--paste, --no-browser and --app are three ways to log in: use one of them")
    # Only here: --help need not wait for what does the work.
    from kick_io.cli.http import entering  # noqa: PLC0415
    from kick_io.cli.http.identity import Identity  # noqa: PLC0415

    way: entering.Way = "app" if for_app else "paste" if paste else "address" if no_browser else "browser"
    entering.log_in(Identity(account, site), entering.Wishes(client_id, scopes, redirect_uri, seconds), way, stop)


@click.command(short_help="Make the tokens of an account useless, and forget them.")
@options.account
@click.option("--keep-remote", is_flag=True, help="Only forget them here, without asking Kick.")
@options.site
@click.pass_obj
def logout(stop: Stop, *, account: str, keep_remote: bool, site: str | None) -> None:
    """Make the tokens of an account useless, and forget them.

    \b
    Examples:
      kick logout
      kick logout bot
    """
    # Only here: --help need not wait for what does the work.
    from kick_io.cli.http import entering  # noqa: PLC0415
    from kick_io.cli.http.identity import Identity  # noqa: PLC0415

    who = Identity(account, site)
    if keep_remote:
        entering.forget(who)
    else:
        entering.log_out(who, stop)


@click.command(short_help="Show who is logged in, with which scopes, and until when.")
@options.account
@options.one_json
@options.site
@click.pass_obj
def whoami(stop: Stop, *, account: str, as_json: bool, site: str | None) -> None:
    """Show who is logged in, with which scopes, and until when. Exits with 1 where nobody is.

    \b
    Examples:
      kick whoami
      kick whoami bot --json | jq -r .user.name
    """
    # Only here: --help need not wait for what does the work.
    from kick_io.cli.http import entering  # noqa: PLC0415
    from kick_io.cli.http.identity import Identity  # noqa: PLC0415

    entering.show(Identity(account, site), "json" if as_json else "text", stop)

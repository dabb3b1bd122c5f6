"""``kick user`` and ``kick send``: their options, and what they come to."""

import click

from kick_io.cli import options
from kick_io.cli.stopping import Stop

__all__ = ["send", "user"]


@click.command(short_help="Show who a channel belongs to, its ids, and what is on.")
@click.argument("slug")
@options.one_json
@options.whose
@options.site
@click.pass_obj
def user(stop: Stop, *, slug: str, as_json: bool, account: str, site: str | None) -> None:
    """Show who a channel belongs to, its ids, and what is on. No login is needed.

    Kick's site is asked. Where its edge does not let this machine ask, and somebody has logged in, the official API is,
    which tells less.

    \b
    Examples:
      kick user xqc
      kick user https://kick.com/xqc --json | jq .chatroom_id
    """
    # Only here: --help need not wait for what does the work.
    from kick_io.cli.http import asking  # noqa: PLC0415
    from kick_io.cli.http.identity import Identity  # noqa: PLC0415

    asking.show_user(slug, Identity(account, site), "json" if as_json else "text", stop)


@click.command(short_help="Write into a channel's chat.")
@click.argument("channel")
@click.argument("text")
@options.whose
@click.option("--reply", metavar="ID", help="As an answer to the message with this id.")
@click.option("--bot", is_flag=True, help="As your application's bot, which can write in your own channel alone.")
@options.site
@click.pass_obj
def send(stop: Stop, *, channel: str, text: str, account: str, reply: str | None, bot: bool, site: str | None) -> None:
    """Write TEXT into the chat of CHANNEL, in the name of whoever has logged in.

    \b
    Examples:
      kick send xqc "hello there"
      kick send xqc "so do I" --reply 6b4a1f1e-9a3c-4c6c-a1f0-2f6f3a7f0b55
    """
    # Only here: --help need not wait for what does the work.
    from kick_io.cli.http import asking  # noqa: PLC0415
    from kick_io.cli.http.identity import Identity  # noqa: PLC0415

    asking.send(asking.Message(channel, text, reply), Identity(account, site), "bot" if bot else "user", stop)

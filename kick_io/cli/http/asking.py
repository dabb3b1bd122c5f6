"""What ``kick user`` and ``kick send`` do."""

import json
from collections.abc import Iterator
from typing import Literal, NamedTuple

import click
import msgspec

from kick_io.calling import BlockingCaller
from kick_io.cli.http import identity, resolving
from kick_io.cli.http.identity import Identity
from kick_io.cli.output.sanitize import visible
from kick_io.cli.output.tables import table
from kick_io.cli.stopping import Stop
from kick_proto.endpoints.public import chat, users
from kick_proto.endpoints.user import Livestream, User
from kick_proto.errors import BadResponse, LocalProtocolError
from kick_proto.ids import UserId
from kick_proto.slugs import Slug, parse_slug

__all__ = ["Message", "send", "show_user"]


def show_user(name: str, who: Identity, form: Literal["text", "json"], stop: Stop) -> None:
    """Print who the channel of that name belongs to.

    Raises:
        LocalProtocolError: the name cannot be one; nobody has been asked.
        NotFound, EdgeBlocked, TransportError: nobody is found, and why.
    """
    slug = parse_slug(name)
    with identity.store() as store, identity.asking(who, store.load_app(who.name), store, stop) as kick:
        user = resolving.user(kick, slug, who)
    if form == "json":
        click.echo(json.dumps(msgspec.to_builtins(user), separators=(",", ":")))
        return
    for line in table([], list(_rows(user))):
        click.echo(line)


def _rows(user: User) -> Iterator[tuple[str, str]]:
    yield "name", user.username or user.slug
    yield "address", f"https://kick.com/{user.slug}"
    for label, number in (
        ("user id", user.user_id),
        ("channel id", user.channel_id),
        ("chatroom id", user.chatroom_id),
    ):
        yield label, "not told" if number is None else str(number)
    if user.followers_count is not None:
        yield "followers", f"{user.followers_count:,}"
    if user.is_banned:
        yield "banned", "yes"
    if user.livestream is not None:
        yield "live", ", ".join(_stream(user.livestream))
    elif user.is_live is not None:
        yield "live", "yes" if user.is_live else "no"
    yield "told by", user.source


def _stream(stream: Livestream) -> Iterator[str]:
    yield stream.title or "without a title"
    if stream.category is not None:
        yield stream.category.name
    if stream.viewer_count is not None:
        yield f"{stream.viewer_count:,} viewers"


class Message(NamedTuple):
    """What is to be written, where, and to which message it is an answer."""

    channel: str
    text: str
    reply_to: str | None = None


def send(message: Message, who: Identity, role: Literal["user", "bot"], stop: Stop) -> None:
    """Write into a chat.

    Raises:
        Unauthorized: nobody has logged in, or no longer.
        LocalProtocolError: the message cannot be written like that; nothing was.
        ApiError, TransportError: it was not written, or nobody knows whether it was.
    """
    slug = parse_slug(message.channel)
    with identity.asking_as(who, stop) as kick:
        owner = _owner(kick, slug, who)
        if role == "user":
            call = chat.send(message.text, to=owner, reply_to=message.reply_to)
        else:
            _must_own(kick, slug, owner)
            call = chat.send_as_bot(message.text, reply_to=message.reply_to)
        sent = kick.call(call)
    if not sent.is_sent:
        raise BadResponse(f"{slug}: Kick did not take the message, and does not say why", status=200)
    click.echo(visible(f"sent to {slug}" + (f", message {sent.message_id}" if sent.message_id else "")))


def _owner(kick: BlockingCaller, slug: Slug, who: Identity) -> UserId:
    user_id = resolving.user(kick, slug, who).user_id
    if user_id is None:
        raise BadResponse(f"{slug}: Kick did not say whose channel this is", status=200)
    return user_id


def _must_own(kick: BlockingCaller, slug: Slug, owner: UserId) -> None:
    """A bot's message goes to the channel of who has logged in, whatever channel was named.

    Raises:
        LocalProtocolError: that is another one.
    """
    profile = kick.call(users.own())
    if profile.user_id != owner:
        raise LocalProtocolError(
            f"as a bot, kick can write in the channel of {profile.name} alone, who has logged in, and not in {slug}"
        )

"""From names to channels, before anything is watched: known from earlier, or asked for, once."""

from collections.abc import Iterable

import msgspec

from kick_io.calling import BlockingCaller
from kick_io.cli import targets
from kick_io.cli.http import identity
from kick_io.cli.http.identity import Identity
from kick_io.cli.stopping import Stop
from kick_io.storage.known_ids import KnownIds
from kick_proto.endpoints import people
from kick_proto.endpoints.user import User
from kick_proto.errors import ApiError, NotFound, TransportError
from kick_proto.ids import Channel
from kick_proto.slugs import Slug

__all__ = ["channels", "user"]


def channels(names: Iterable[str], site: str | None, stop: Stop) -> tuple[Channel, ...]:
    """The channels that the targets of ``kick watch`` name, each once. Ids by hand are taken as they are.

    Raises:
        LocalProtocolError: a target cannot be one; nobody has been asked.
        NotFound, EdgeBlocked, TransportError: one cannot be found, and why.
    """
    named = [targets.named(name) for name in names]
    slugs = dict.fromkeys(each for each in named if isinstance(each, str))
    found = _look_up(slugs, Identity("", site), stop) if slugs else {}
    resolved = [each if isinstance(each, Channel) else found[each] for each in named]
    return tuple({channel.numbers: channel for channel in reversed(resolved)}.values())[::-1]


def _look_up(slugs: Iterable[Slug], who: Identity, stop: Stop) -> dict[Slug, Channel]:
    known = KnownIds(notice=identity.tell)
    found = {slug: channel for slug in slugs if (channel := known.get(who.at_site(slug))) is not None}
    missing = [slug for slug in slugs if slug not in found]
    if missing:
        with identity.asking(who, None, None, stop) as kick:
            found |= {slug: user(kick, slug, who, known).channel for slug in missing}
    return {slug: msgspec.structs.replace(channel, slug=channel.slug or slug) for slug, channel in found.items()}


def user(kick: BlockingCaller, slug: Slug, who: Identity, known: KnownIds | None = None) -> User:
    """Who the channel of that name belongs to, asked anew; what is found is kept.

    Raises:
        ApiError, TransportError: it cannot be found; the message begins with the name.
    """
    known = known if known is not None else KnownIds(notice=identity.tell)
    try:
        found = kick.call(people.get_user(slug, official=kick.account.tokens is not None))
    except NotFound as error:
        known.forget(who.at_site(slug))
        raise NotFound(f"there is no channel {slug!r}", status=error.status, code=error.code) from None
    except ApiError as error:
        raise type(error)(
            f"{slug}: {error}", status=error.status, code=error.code, retry_after=error.retry_after
        ) from None
    except TransportError as error:
        raise TransportError(f"{slug}: {error}") from None
    if found.channel_id is not None and found.chatroom_id is not None:
        known.add(who.at_site(slug), found.channel)
    return found

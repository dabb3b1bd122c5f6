"""The mock Kick as the commands use it: one channel's made-up traffic, on a port of this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from random import Random

import click
import msgspec

from kick_io.cli.stopping import Stop
from kick_io.mock import MockKick
from kick_proto.ids import Channel, ChannelId, ChatroomId
from kick_proto.testing.faults import NO_FAULTS, Faults
from kick_proto.testing.site.accounts import CAST, account_of
from kick_proto.testing.traffic import Showcase, Traffic

__all__ = ["CALM", "DEMO", "Role", "kick", "serve"]

DEMO = Channel(ChannelId(668), ChatroomId(668), "demo")

CALM = Faults(close_after=30.0, close_code=4200, spread=0.5)
"""What real servers do on a good day: now and then, they ask their clients to connect again."""

RARE = 0.3
"""The share of acts that are not chat: more than on most channels, for there is much to be seen."""


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """What is played: the channel, acts a second (0: none), chance, and the server's manners."""

    channel: Channel
    rate: float
    seed: int | None = None
    faults: Faults = NO_FAULTS
    personality: str = "hosted"
    everything: bool = False
    """Whether events that need a login are shown too, on a public topic, and one that cannot be read."""
    activity_timeout: float | None = None


@contextmanager
def kick(role: Role, port: int = 0) -> Iterator[MockKick]:
    """A Kick that plays the role.

    Raises:
        TransportError: the port cannot be had.
    """
    mock = MockKick(
        port,
        personality=role.personality,
        faults=role.faults,
        seed=role.seed,
        activity_timeout=role.activity_timeout,
        accounts=(account_of(role.channel), *CAST),
    )
    with mock:
        if role.rate:
            play = Showcase if role.everything else Traffic
            mock.play(play(role.channel, Random(role.seed), rare=RARE), role.rate)
        yield mock


def serve(role: Role, port: int, stop: Stop) -> None:
    """Serve until somebody wishes to stop.

    Raises:
        TransportError: the port cannot be had.
    """
    wishes: SimpleQueue[None] = SimpleQueue()
    with kick(role, port) as mock, stop.calls(lambda: wishes.put(None)):
        ids = f"{role.channel.channel_id}:{role.channel.chatroom_id}"
        opened = f"{mock.url} is open, and {mock.http_url} has /api, /site, /web and /id"
        click.echo(f"{opened}; try: kick watch {ids} --endpoint {mock.url}", err=True)
        # A secret that is in everybody's copy of this program is none.
        secret = mock.app.client_secret.reveal()
        entrance = f"kick login --client-id {mock.app.client_id} --site {mock.http_url}"
        click.echo(f"log in there with its test secret: KICK_CLIENT_SECRET={secret} {entrance}", err=True)
        wishes.get()

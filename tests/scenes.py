"""Servers, clients and the world around them, as most scenarios begin; and ways to read what happened there."""

import random

import msgspec

from kick_proto.backoff import Backoff
from kick_proto.clusters import cluster
from kick_proto.frames import Frame
from kick_proto.ids import Channel, ChannelId, ChatroomId, Topic, topics_of
from kick_proto.machine import Open, Transmit
from kick_proto.pusher import KICK_APP_KEY, App, Connection, Timeouts
from kick_proto.session import Config, Session
from kick_proto.testing.faults import NO_FAULTS, Faults
from kick_proto.testing.personalities import HOSTED, Personality
from kick_proto.testing.server import KickServer
from kick_proto.testing.world import UNIX_EPOCH, Servers, World
from tests.shapes import CHAT

FOX = Channel(ChannelId(11), ChatroomId(22), "fox")
OWL = Channel(ChannelId(33), ChatroomId(44), "owl")
FOX_CHAT, OWL_CHAT = topics_of(FOX)[0], topics_of(OWL)[0]
US2, EU, AP1 = (cluster(name).host for name in ("us2", "eu", "ap1"))
UNJITTERED = Backoff(jitter="none")
CONFIG = Config(backoff=UNJITTERED)


def kick_server(
    faults: Faults = NO_FAULTS, *, key: str = KICK_APP_KEY, personality: Personality = HOSTED
) -> KickServer:
    """A server that asks for 120 s of patience, whatever its kind."""
    return KickServer(
        rng=random.Random(7),
        unix_epoch=UNIX_EPOCH,
        key=key,
        personality=personality,
        faults=faults,
        activity_timeout=120.0,
    )


def connection(timeouts: Timeouts | None = None, ref: int = 1) -> Connection:
    app = App(timeouts=timeouts if timeouts is not None else Timeouts())
    return app.connection(ref, cluster("us2"))


def watching(*channels: Channel, servers: Servers, config: Config = CONFIG) -> tuple[Session, World]:
    """A session that has been told to connect and to watch the channels, and its world."""
    session = Session(config, rng=random.Random(7))
    world = World(servers, session)
    for channel in channels:
        session.subscribe(world.now, channel)
    world.call(session.connect)
    return session, world


def chat(id: str, topic: Topic = FOX_CHAT) -> Frame:
    return Frame("App\\Events\\ChatMessageEvent", topic, msgspec.json.encode({**CHAT, "id": id}).decode())


def said(world: World) -> list[tuple[float, str]]:
    """What clients have sent so far, and when: ``(0.0, "subscribe chatroom_22")``, ``(120.0, "ping")``."""
    return [
        (line.at, _brief(text))
        for line in world.transcript
        if isinstance(line.output, Transmit) and not isinstance(line.by, KickServer)
        for text in line.output.data
    ]


def _brief(text: str) -> str:
    message = msgspec.json.decode(text)
    return f"{message['event'].removeprefix('pusher:')} {message['data'].get('channel', '')}".rstrip()


def dialled(world: World) -> list[tuple[float, str]]:
    """Where clients have tried to connect so far, and when: ``(0.0, "us2")``."""
    return [
        (line.at, line.output.host.removeprefix("ws-").removesuffix(".pusher.com"))
        for line in world.transcript
        if isinstance(line.output, Open)
    ]

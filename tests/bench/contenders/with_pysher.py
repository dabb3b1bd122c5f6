"""Pysher as it comes, its host replaced; the handlers decode the payload with json, as its users do."""

import json
import threading

import pysher

from kick_proto.pusher import KICK_APP_KEY
from tests.bench.order import CHAT
from tests.bench.target import HOST, Target


def run(target: Target) -> None:
    client = pysher.Pusher(KICK_APP_KEY, custom_host=HOST, port=target.place.port, secure=False)
    over = threading.Event()
    subscribed = seen = 0

    def on_established(data: str) -> None:
        for topic in target.topics:
            channel = client.subscribe(topic)
            channel.bind("pusher_internal:subscription_succeeded", on_subscribed)
            channel.bind(CHAT, on_chat)

    def on_subscribed(data: str) -> None:
        nonlocal subscribed
        subscribed += 1
        if subscribed == len(target.topics):
            target.begin()

    def on_chat(data: str) -> None:
        nonlocal seen
        json.loads(data)
        seen += 1
        if seen == target.chats:
            target.end()
            over.set()

    client.connection.bind("pusher:connection_established", on_established)
    client.connect()
    over.wait()
    client.disconnect(1.0)

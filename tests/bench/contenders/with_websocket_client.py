"""websocket-client, and a decode of envelope and payload."""

import websocket

from tests.bench.target import Target


def run(target: Target) -> None:
    stream = websocket.create_connection(target.url)
    for text in target.greeting:
        stream.send(text)
    for _ in range(target.answers):
        stream.recv()
    target.begin()
    decode, recv = target.decode, stream.recv
    for _ in range(target.frames):
        decode(recv())
    target.end()
    stream.close()

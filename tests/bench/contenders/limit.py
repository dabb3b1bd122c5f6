"""The limit: a socket, a scan for plain text frames, one typed decode of envelope and payload, and nothing else."""

import socket

from tests.bench.raw import upgraded
from tests.bench.target import Target

READ_SIZE = 128 * 1024


def run(target: Target) -> None:
    stream = upgraded(target)
    target.begin()
    decode, recv = target.decode, stream.recv
    seen, held = 0, b""
    while seen < target.frames:
        data = held + recv(READ_SIZE)
        position, size = 0, len(data)
        while position + 4 <= size:
            length, start = data[position + 1], position + 2
            if length == 126:
                length, start = data[start] << 8 | data[start + 1], start + 2
            end = start + length
            if end > size:
                break
            decode(data[start:end])
            seen += 1
            position = end
        held = data[position:]
    target.end()
    stream.shutdown(socket.SHUT_RDWR)
    stream.close()

"""The client for Autobahn, against a small server that speaks the suite's own protocol on a real socket."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypeAlias

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Event, Request, TextMessage

from kick_proto.errors import TransportError
from tests.conformance.autobahn import run

Case: TypeAlias = tuple[Callable[[WSConnection], bytes], str]
"""What a case sends behind its 101, and the text that it wants back before it closes; "" where it wants a close."""

LONG = "x" * 300_000
CASES: Mapping[str, Case] = {
    "/runCase?case=1&agent=kick-proto": (lambda ws: ws.send(TextMessage("Hello")), "Hello"),
    "/runCase?case=2&agent=kick-proto": (lambda ws: ws.send(TextMessage(LONG)), LONG),
    "/runCase?case=3&agent=kick-proto": (lambda ws: b"\xc1\x01A", ""),
}


class FuzzingServer:
    """Serves one connection after the other, and notes what was asked for and how each case ended."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.verdicts: dict[str, str] = {}
        self.visits: list[asyncio.Task[None]] = []

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits.append(asyncio.create_task(self.serve(reader, writer)))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError):
                await self.talk(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ws = WSConnection(ConnectionType.SERVER)
        heard = ""
        while data := await reader.read(1 << 16):
            ws.receive_data(data)
            for event in ws.events():
                if isinstance(event, TextMessage):
                    heard += event.data
                writer.write(self.answer(ws, event, heard))
            await writer.drain()

    def answer(self, ws: WSConnection, event: Event, heard: str) -> bytes:
        if isinstance(event, Request):
            self.asked.append(event.target)
            opening = ws.send(AcceptConnection())
            if event.target == "/getCaseCount":
                return opening + ws.send(TextMessage(str(len(CASES)))) + ws.send(CloseConnection(1000))
            if event.target in CASES:
                return opening + CASES[event.target][0](ws)
            return opening + ws.send(CloseConnection(1000))
        if isinstance(event, CloseConnection):
            self.verdicts.setdefault(self.asked[-1], f"closed with {int(event.code)}")
        elif isinstance(event, TextMessage) and event.message_finished and heard == CASES[self.asked[-1]][1]:
            self.verdicts[self.asked[-1]] = "echoed"
            return ws.send(CloseConnection(1000))
        return b""


async def scenario() -> tuple[int, FuzzingServer]:
    fuzzing = FuzzingServer()
    server = await asyncio.start_server(fuzzing.accept, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        count = await run(f"ws://127.0.0.1:{port}")
        await asyncio.gather(*fuzzing.visits)
    return count, fuzzing


def test_every_case_is_visited_in_order_and_the_report_is_asked_for() -> None:
    count, fuzzing = asyncio.run(scenario())
    assert count == len(CASES)
    assert fuzzing.asked == ["/getCaseCount", *CASES, "/updateReports?agent=kick-proto"]
    assert [fuzzing.verdicts[case] for case in CASES] == ["echoed", "echoed", "closed with 1002"]


def test_a_server_that_is_not_there_is_told() -> None:
    async def nobody() -> None:
        server = await asyncio.start_server(FuzzingServer().accept, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        await run(f"ws://127.0.0.1:{port}")

    with pytest.raises(TransportError, match=r"127\.0\.0\.1"):
        asyncio.run(nobody())

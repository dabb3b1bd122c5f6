"""Who takes part: one row for each way to run a file of ``contenders``."""

from importlib.util import find_spec
from typing import Literal

import msgspec

from tests.bench.order import Audience, Dialect, Mix
from tests.bench.target import Options

__all__ = ["CASES", "CONTESTANTS", "PONGS", "Contestant", "missing"]


class Contestant(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table. ``share`` is the part of the events that a slow one gets: its events cost no less."""

    name: str
    kind: Literal["limit", "ours", "others"]
    file: str
    needs: tuple[str, ...] = ()
    mix: Mix = "plain"
    dialect: Dialect = "pusher"
    tls: bool = False
    share: float = 1.0
    audience: Audience = "newest"
    pings: bool = False
    options: Options = Options()


def missing(contestant: Contestant) -> str | None:
    """Why it cannot take part, if it cannot."""
    absent = [package for package in contestant.needs if find_spec(package) is None]
    return f"not installed: {', '.join(absent)}" if absent else None


def _ours(name: str, file: str, **more: object) -> Contestant:
    return msgspec.convert({"name": name, "kind": "ours", "file": file, **more}, Contestant)


def _other(name: str, file: str, *needs: str, **more: object) -> list[Contestant]:
    row = {"kind": "others", "file": file, "needs": needs, **more}
    return [
        msgspec.convert({**row, "name": f"{name}, {decode}", "options": {"decode": decode}}, Contestant)
        for decode in ("msgspec", "json")
    ]


def _whole(name: str, file: str, *needs: str, **more: object) -> Contestant:
    return msgspec.convert({"name": name, "kind": "others", "file": file, "needs": needs, **more}, Contestant)


CONTESTANTS: tuple[Contestant, ...] = (
    Contestant(name="the limit", kind="limit", file="limit"),
    _ours("asyncio, async for", "ours_asyncio"),
    _ours("asyncio, batches", "ours_batches"),
    _ours("asyncio, Router", "ours_router"),
    _ours("trio, async for", "ours_trio"),
    _ours("blocking, for", "ours_blocking"),
    _ours("uvloop, async for", "ours_asyncio", needs=("uvloop",), options={"loop": "uvloop"}),
    _ours("uvloop, batches", "ours_batches", needs=("uvloop",), options={"loop": "uvloop"}),
    _ours("asyncio, async for, no merge", "ours_asyncio", options={"merge": None}),
    _ours("asyncio, async for, no drift", "ours_asyncio", options={"drift": None}),
    _ours("asyncio, batches, no merge, no drift", "ours_batches", options={"merge": None, "drift": None}),
    Contestant(name="the limit, chat alone", kind="limit", file="limit", mix="chat"),
    _ours("asyncio, async for, chat alone", "ours_asyncio", mix="chat"),
    _ours("asyncio, batches, chat alone", "ours_batches", mix="chat"),
    _ours("asyncio, async for, control frames", "ours_asyncio", mix="mixed"),
    _ours("asyncio, batches, control frames", "ours_batches", mix="mixed"),
    _ours("asyncio, async for, TLS", "ours_asyncio", tls=True),
    *_other("picows", "with_picows", "picows"),
    *_other("aiohttp", "with_aiohttp", "aiohttp"),
    *_other("websockets", "with_websockets", "websockets", share=0.5),
    *_other("websocket-client", "with_websocket_client", "websocket", share=0.3),
    *_other("trio-websocket", "with_trio_websocket", "trio_websocket", share=0.2),
    _whole("aiohttp, msgspec, control frames", "with_aiohttp", "aiohttp", mix="mixed"),
    _whole("aiohttp, msgspec, TLS", "with_aiohttp", "aiohttp", tls=True),
    _whole("kicksdk-py's parser, websockets", "kicksdk_parser", "kicksdk", "websockets", share=0.3),
    _whole(
        "kicksdk-py's session, websockets", "kicksdk_session", "kicksdk", "websockets", dialect="centrifugo", share=0.3
    ),
    _whole("kickpython", "with_kickpython", "kickpython", "websockets", "curl_cffi", "aiohttp", share=0.3),
    _whole("Pysher", "with_pysher", "pysher", share=0.1),
)

CASES: tuple[Contestant, ...] = (
    _ours("asyncio, beside a slow session", "ours_beside_slow", audience="all"),
    _ours("asyncio, beside a slow reader of the same", "ours_shared"),
)
"""Those of whom only the latency is of interest."""

PACED = {"send_rate": 5.0, "send_burst": 5.0}

PONGS: tuple[Contestant, ...] = tuple(
    _ours(f"{driver}, subscribing", "ours_subscribing", pings=True, options={"driver": driver, **PACED})
    for driver in ("asyncio", "trio", "blocking")
)
"""Those who are pinged while they subscribe, no faster than a session does by default."""

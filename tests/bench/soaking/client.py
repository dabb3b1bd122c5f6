"""The process that is soaked: ``python -m tests.bench.soaking.client PORT ORDER`` prints samples, and what arrived."""

import asyncio
import gc
import sys
import time

import msgspec

from tests.bench.pinning import pin
from tests.bench.soaking.holdings import Holdings
from tests.bench.soaking.order import Done, Sample, Soak
from tests.bench.soaking.watchers import Watcher, config_at, watch_all, watchers

__all__ = ["main"]


async def _soak(port: int, order: Soak, everybody: list[Watcher]) -> None:
    begun = time.monotonic()
    until = begun + order.seconds
    async with asyncio.TaskGroup() as group:
        group.create_task(watch_all(everybody, config_at(port), until))
        while (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(left, order.interval))
            _print(_sample(time.monotonic() - begun, everybody))


def _sample(at: float, everybody: list[Watcher]) -> Sample:
    held = Holdings()
    delivered = sum(each.tally.arrived.delivered for each in everybody)
    return Sample(at=at, delivered=delivered, process=held.process, types=held.types, memories=held.memories)


def _print(what: msgspec.Struct) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(what) + b"\n")
    sys.stdout.flush()


def main(port: str, order: str) -> None:
    """Watch, and look at ourselves now and then."""
    pin(1)
    everybody = watchers()
    # What the modules hold is there from the start; this leaves it out of every look.
    gc.collect()
    gc.freeze()
    begun = time.monotonic()
    asyncio.run(_soak(int(port), msgspec.json.decode(order, type=Soak), everybody))
    _print(
        Done(seconds=time.monotonic() - begun, cpu=time.process_time(), arrived=[e.tally.arrived for e in everybody])
    )


if __name__ == "__main__":
    main(*sys.argv[1:])

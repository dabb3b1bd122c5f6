"""One contender ``python -m tests.bench.client NAME PORT EVENTS [RATE]`` prints its reading."""

import importlib
import sys

import msgspec

from tests.bench.contestants import CASES, CONTESTANTS, PONGS
from tests.bench.order import Order
from tests.bench.pinning import pin
from tests.bench.target import Target

__all__ = ["main"]


def main(name: str, control: str, events: str, rate: str | None = None) -> None:
    """Run the contender of that name."""
    pin(1)
    contestant = next(each for each in (*CONTESTANTS, *CASES, *PONGS) if each.name == name)
    contender = importlib.import_module(f"tests.bench.contenders.{contestant.file}")
    order = Order(
        events=int(events),
        mix=contestant.mix,
        dialect=contestant.dialect,
        tls=contestant.tls,
        rate=float(rate) if rate is not None else None,
        audience=contestant.audience,
        pings=contestant.pings,
    )
    target = Target(int(control), order, contestant.options)
    try:
        contender.run(target)
    finally:
        target.close()
    sys.stdout.buffer.write(msgspec.json.encode(target.reading) + b"\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

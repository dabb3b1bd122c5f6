"""A watch under trio."""

from contextlib import AsyncExitStack
from math import inf

import trio

from kick_io.cli.watching.printing import Printer
from kick_io.cli.watching.running import Job, Outcome
from kick_io.sockets.watch import Watch
from kick_io.trio import connect

__all__ = ["run"]


def run(job: Job) -> list[Outcome]:
    """Watch until the end; what each session came to."""
    return trio.run(_watch, job)


async def _watch(job: Job) -> list[Outcome]:
    try:
        async with AsyncExitStack() as stack:
            kicks = [
                await stack.enter_async_context(connect(*each.channels, config=job.config, record=each.record))
                for each in job.shares
            ]
            stack.push_async_callback(_leave, kicks)
            await _show(kicks, job)
    except BaseExceptionGroup as group:
        # One that has given up ends them all; were there two, the first one told enough.
        raise group.exceptions[0] from None
    return [Outcome(kick.stats(), kick.drift()) for kick in kicks]


async def _show(kicks: list[Watch], job: Job) -> None:
    token = trio.lowlevel.current_trio_token()
    with trio.move_on_after(inf if job.seconds is None else job.seconds) as limit:
        with job.stop.calls(lambda: token.run_sync_soon(limit.cancel, idempotent=True)):
            async with trio.open_nursery() as reading:
                for kick in kicks:
                    reading.start_soon(_print, kick, job.printer)


async def _print(kick: Watch, printer: Printer) -> None:
    async for batch in kick.batches():
        printer.show(batch)


async def _leave(kicks: list[Watch]) -> None:
    """Close them all at once: each waits for its server's answer."""
    async with trio.open_nursery() as closing:
        for kick in kicks:
            closing.start_soon(kick.finish)

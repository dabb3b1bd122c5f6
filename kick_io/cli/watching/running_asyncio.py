"""A watch under asyncio."""

import asyncio
from contextlib import AsyncExitStack, suppress

from kick_io.asyncio import connect
from kick_io.cli.watching.printing import Printer
from kick_io.cli.watching.running import Job, Outcome
from kick_io.sockets.watch import Watch

__all__ = ["run"]


def run(job: Job) -> list[Outcome]:
    """Watch until the end; what each session came to."""
    return asyncio.run(_watch(job))


async def _watch(job: Job) -> list[Outcome]:
    try:
        async with AsyncExitStack() as stack:
            kicks = [
                await stack.enter_async_context(connect(*each.channels, config=job.config, record=each.record))
                for each in job.shares
            ]
            stack.push_async_callback(_leave, kicks)
            with suppress(TimeoutError):
                await _show(kicks, job)
    except BaseExceptionGroup as group:
        # One that has given up ends them all; were there two, the first one told enough.
        raise group.exceptions[0] from None
    return [Outcome(kick.stats(), kick.drift()) for kick in kicks]


async def _show(kicks: list[Watch], job: Job) -> None:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(job.seconds) as limit:

        def end() -> None:
            with suppress(RuntimeError):  # it is ending already
                limit.reschedule(loop.time())

        with job.stop.calls(lambda: loop.call_soon_threadsafe(end)):
            async with asyncio.TaskGroup() as reading:
                for kick in kicks:
                    reading.create_task(_print(kick, job.printer))


async def _print(kick: Watch, printer: Printer) -> None:
    async for batch in kick.batches():
        printer.show(batch)


async def _leave(kicks: list[Watch]) -> None:
    """Close them all at once: each waits for its server's answer."""
    async with asyncio.TaskGroup() as closing:
        for kick in kicks:
            closing.create_task(kick.finish())

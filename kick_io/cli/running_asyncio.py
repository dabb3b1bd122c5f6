"""A watch under asyncio."""

import asyncio
from contextlib import suppress

from kick_io.asyncio import connect
from kick_io.cli.running import Job, Outcome

__all__ = ["run"]


def run(job: Job) -> Outcome:
    """Watch until the end; what it came to."""
    return asyncio.run(_watch(job))


async def _watch(job: Job) -> Outcome:
    loop = asyncio.get_running_loop()
    async with connect(*job.channels, config=job.config, record=job.record) as kick:
        with suppress(TimeoutError):
            async with asyncio.timeout(job.seconds) as limit:

                def end() -> None:
                    with suppress(RuntimeError):  # it is ending already
                        limit.reschedule(loop.time())

                with job.stop.calls(lambda: loop.call_soon_threadsafe(end)):
                    async for batch in kick.batches():
                        job.printer.show(batch)
    return Outcome(kick.stats(), kick.drift())

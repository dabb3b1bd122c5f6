"""A watch under trio."""

from math import inf

import trio

from kick_io.cli.running import Job, Outcome
from kick_io.trio import connect

__all__ = ["run"]


def run(job: Job) -> Outcome:
    """Watch until the end; what it came to."""
    return trio.run(_watch, job)


async def _watch(job: Job) -> Outcome:
    token = trio.lowlevel.current_trio_token()
    async with connect(*job.channels, config=job.config, record=job.record) as kick:
        with trio.move_on_after(inf if job.seconds is None else job.seconds) as limit:
            with job.stop.calls(lambda: token.run_sync_soon(limit.cancel, idempotent=True)):
                async for batch in kick.batches():
                    job.printer.show(batch)
    return Outcome(kick.stats(), kick.drift())

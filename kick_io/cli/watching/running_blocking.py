"""A watch without an event loop: a thread for each session waits for events, and this one waits for the end."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from queue import Empty, SimpleQueue

from kick_io.blocking import connect
from kick_io.cli.watching.running import Job, Outcome
from kick_io.sockets.watch import BlockingWatch

__all__ = ["run"]


def run(job: Job) -> list[Outcome]:
    """Watch until the end; what each session came to."""
    with ExitStack() as stack:
        kicks = [
            stack.enter_context(connect(*each.channels, config=job.config, record=each.record)) for each in job.shares
        ]
        _show(kicks, job)
    return [Outcome(kick.stats(), kick.drift()) for kick in kicks]


def _show(kicks: list[BlockingWatch], job: Job) -> None:
    # A SimpleQueue is made for being put to in a signal's handler; most of what else could be told there is not.
    wishes: SimpleQueue[None] = SimpleQueue()
    with ThreadPoolExecutor(2 * len(kicks), "kick-show") as threads:
        printing = threading.Lock()
        shown = [threads.submit(_print, kick, job, printing) for kick in kicks]
        for each in shown:
            # One that has given up ends them all.
            each.add_done_callback(lambda _: wishes.put(None))
        with job.stop.calls(partial(wishes.put, None)), suppress(Empty):
            wishes.get(timeout=job.seconds)
        # All at once: each of them waits for its server's answer.
        closed = [threads.submit(kick.finish) for kick in kicks]
    for future in (*shown, *closed):
        future.result()


def _print(kick: BlockingWatch, job: Job, printing: threading.Lock) -> None:
    for batch in kick.batches():
        with printing:
            job.printer.show(batch)

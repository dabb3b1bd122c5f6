"""A watch without an event loop: a thread waits for the end, because this one waits for events."""

import threading
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue

from kick_io.blocking import connect
from kick_io.cli.running import Job, Outcome

__all__ = ["run"]


def run(job: Job) -> Outcome:
    """Watch until the end; what it came to."""
    # A SimpleQueue is made for being put to in a signal's handler; most of what else could be told there is not.
    wishes: SimpleQueue[None] = SimpleQueue()
    with connect(*job.channels, config=job.config, record=job.record) as kick:

        def end() -> None:
            with suppress(Empty):
                wishes.get(timeout=job.seconds)
            kick.finish()

        threading.Thread(target=end, name="kick-end", daemon=True).start()
        with job.stop.calls(partial(wishes.put, None)):
            for batch in kick.batches():
                job.printer.show(batch)
    return Outcome(kick.stats(), kick.drift())

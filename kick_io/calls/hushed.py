"""Keeps what our exchanges hold out of httpcore's debug log, and leaves the log of everybody else's as it is.

httpcore logs the steps of each exchange, and with them the headers of the answer: cookies, and the query of a redirect,
which may repeat a token that was sent. Inside of ``hushed`` these steps are logged by their names alone.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["hushed"]

_hushed = ContextVar("_hushed", default=False)


@contextmanager
def hushed() -> Iterator[None]:
    """Log the steps of the exchanges in here by their names alone."""
    # Not when this is imported: whoever calls over HTTP wants it, and nobody else.
    logging.getLogger("httpcore.http11").addFilter(_only_the_name)
    token = _hushed.set(True)
    try:
        yield
    finally:
        _hushed.reset(token)


def _only_the_name(record: logging.LogRecord) -> bool:
    if _hushed.get():
        record.msg, record.args = str(record.msg).partition(" ")[0], ()
    return True

"""A core for each: the server has one to itself, where the machine has several and lets us choose."""

import os

__all__ = ["pin"]


def pin(place: int) -> None:
    """Run this process on one core only, the one at this place of those that it may use."""
    if not hasattr(os, "sched_setaffinity"):
        return
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[place % len(cores)]})

"""What the system says of this process."""

import os

__all__ = ["resident"]


def resident() -> int:
    """Bytes of it that are in memory."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")

"""The ways in which Kick writes a moment, all of them UTC.

Three more are numbers and need no writing: unix seconds, unix milliseconds, and milliseconds as a string.
Times before 1970 are written as 1970, since some systems cannot convert them.

Source: Seen: wire catalogue section 1.5 (2023-2026).
"""

from datetime import UTC, datetime

__all__ = ["go", "laravel", "micros", "offset", "seconds", "six_digits", "spaced"]


def micros(unix_now: float) -> int:
    """Unix seconds as whole microseconds: the exact form, for sums."""
    return max(0, int(unix_now * 1_000_000))


def offset(unix_now: float) -> str:
    """``2026-01-02T03:04:05+00:00``: chat, bans."""
    return _moment(unix_now).isoformat()


def seconds(unix_now: float) -> str:
    """``2026-01-02T03:04:05Z``: changed settings."""
    return f"{_moment(unix_now):%Y-%m-%dT%H:%M:%S}Z"


def laravel(unix_now: float) -> str:
    """``2026-01-02T03:04:05.000000Z``: rows of Kick's database, which keep no fractions."""
    return f"{_moment(unix_now):%Y-%m-%dT%H:%M:%S}.000000Z"


def six_digits(unix_now: float) -> str:
    """``2026-01-02T03:04:05.678901Z``: hosts."""
    whole, fraction = divmod(micros(unix_now), 1_000_000)
    return f"{_moment(whole):%Y-%m-%dT%H:%M:%S}.{fraction:06d}Z"


def go(unix_micros: int, nanos: int = 0) -> str:
    """``2026-01-02T03:04:05.6789Z``: nanoseconds, written as Go does, without the zeros at the end.

    ``nanos`` (0 to 999) stands behind the microseconds. A whole second has no fraction and no dot.
    """
    whole, fraction = divmod(unix_micros, 1_000_000)
    digits = f"{fraction:06d}{nanos:03d}".rstrip("0")
    return f"{_moment(whole):%Y-%m-%dT%H:%M:%S}{'.' if digits else ''}{digits}Z"


def spaced(unix_now: float) -> str:
    """``2026-01-02 03:04:05``: no zone, meaning UTC."""
    return f"{_moment(unix_now):%Y-%m-%d %H:%M:%S}"


def _moment(unix_now: float) -> datetime:
    return datetime.fromtimestamp(max(0, int(unix_now)), UTC)

"""What may go wrong at a Pusher server, as switches: all off in ``Faults()``, set in tests and demos.

A switch that is about one client's life counts from the moment that the client came, or from the moment that the
switches were set while it was there. Nothing here acts; ``KickServer`` does, and ``fragment`` is for the framing.
"""

from math import inf

import msgspec

__all__ = ["CHAOS", "HARMLESS_CODES", "MALFORMED", "NO_FAULTS", "Faults"]


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """The switches. Delays, intervals and ``*_after`` are seconds; None or 0 is off."""

    refuse_code: int | None = None
    """Refuse every client with this code right after the upgrade, in the personality's manner."""
    withhold_handshake: bool = False
    """Never send ``pusher:connection_established``."""
    handshake_delay: float = 0.0
    """Send it this much later."""
    handshake_without_timeout: bool = False
    """Leave ``activity_timeout`` out of it."""
    handshake_not_json: bool = False
    """Send a text that is no JSON in its place."""
    handshake_as_object: bool = False
    """Send its ``data`` as an object, not as a string."""
    wrong_first_event: bool = False
    """Give it another event name."""

    mute: bool = False
    """Send the handshake and then nothing by itself: no pong, no ping, no confirmation, no published frame, no 4201.

    What is heard has its effect; the commands for one client, ``drop_after`` and ``close_after`` still act.
    """
    ping_interval: float | None = None
    """Send a ``pusher:ping`` this often."""

    duplicate_confirmation: bool = False
    """Confirm each subscription twice."""
    event_before_confirmation: bool = False
    """Send an event of the topic before its confirmation."""
    unconfirmed_topics: frozenset[str] = frozenset()
    """Subscribe to these topics without ever confirming: their events come all the same."""
    refused_topics: frozenset[str] = frozenset()
    """Refuse these topics with a subscription error."""
    swap_data: bool = False
    """Send ``data`` as an object where it is usually a string, and the reverse."""
    cache_replay: bool = False
    """After each confirmation send the topic's last event again, or ``pusher:cache_miss`` where there is none."""
    burst: int = 0
    """Send this many events at once after each confirmation."""
    duplicate_probability: float = 0.0
    """The chance (0 to 1) that a published frame is sent twice."""

    error_interval: float | None = None
    """Send a ``pusher:error`` that does not close this often: code null, 4301, 4200 in turn."""
    malformed_interval: float | None = None
    """Send a text that is no frame this often, one of ``MALFORMED`` after the other."""
    drop_after: float | None = None
    """Drop each client's TCP connection this long after it came."""
    close_after: float | None = None
    """Close each client's connection this long after it came, with ``close_code``."""
    close_code: int = 4200
    error_first: bool = False
    """Send a ``pusher:error`` before every close that no command asked for, whatever the personality does."""
    spread: float = 0.0
    """Draw each interval and each ``*_after`` from within this share (0 to 0.9) of itself, more or less."""
    fragment: bool = False
    """Send each text as three fragments with a control ping between them."""

    def __post_init__(self) -> None:
        for name in ("ping_interval", "error_interval", "malformed_interval", "drop_after", "close_after"):
            seconds = getattr(self, name)
            if seconds is not None and not 0 < seconds < inf:
                raise ValueError(f"{name} is seconds above 0, or None for never; not {seconds}")
        for name, most in (("duplicate_probability", 1.0), ("spread", 0.9)):
            if not 0 <= getattr(self, name) <= most:
                raise ValueError(f"{name} lies between 0 and {most:g}; {getattr(self, name)} does not")
        for name in ("refuse_code", "close_code"):
            code = getattr(self, name)
            if code is not None and not 1000 <= code <= 4999:
                raise ValueError(f"{name} is a close code, 1000 to 4999; not {code}")
        if not 0 <= self.handshake_delay < inf:
            raise ValueError(f"handshake_delay is seconds, 0 or more; not {self.handshake_delay}")
        if self.burst < 0:
            raise ValueError(f"burst is a count, 0 or more; not {self.burst}")


NO_FAULTS = Faults()
"""A server that behaves."""

CHAOS = Faults(
    ping_interval=7.0,
    duplicate_confirmation=True,
    event_before_confirmation=True,
    duplicate_probability=0.05,
    error_interval=4.0,
    malformed_interval=3.0,
    drop_after=12.0,
    close_after=12.0,
    spread=0.5,
    fragment=True,
)
"""For demonstrations: every few seconds garbage, duplicates, errors, and a close with 4200 or a dropped connection."""

HARMLESS_CODES: tuple[int | None, ...] = (None, 4301, 4200)
"""Codes of error frames after which a connection stays open. Source: Spec: "Error codes"; Seen: Reverb for 4200."""

MALFORMED: tuple[str, ...] = (
    "",
    "hello",
    "{",
    "null",
    "[]",
    '"pusher:ping"',
    "{}",
    '{"event":null,"data":"{}"}',
    '{"event":7}',
    '{"event":"App\\\\Events\\\\ChatMessageEvent","data":"{',
    '{"event":"App\\\\Events\\\\ChatMessageEvent","channel":["x"],"data":"{}"}',
    '{"event":"\\ud800"}',
    "[" * 5000,
    '{"event":"\x00"}',
)
"""Texts that are no Pusher frame, each in a way of its own."""

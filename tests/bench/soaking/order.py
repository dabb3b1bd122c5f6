"""What the three processes of a soak tell each other."""

import msgspec

__all__ = ["Arrived", "Done", "Ports", "Sample", "Soak", "Told"]


class Soak(msgspec.Struct, frozen=True, kw_only=True):
    """How long, how many events in a second over all channels, and the seed of all that goes wrong."""

    seconds: float = 600.0
    rate: float = 20_000.0
    seed: int = 7

    @property
    def interval(self) -> float:
        """Seconds between two samples."""
        return min(1.0, self.seconds / 20)


class Ports(msgspec.Struct, frozen=True):
    """What the server prints when it listens."""

    public: int


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the server prints at its end: the events that it numbered, and how often it did each thing."""

    numbered: int
    deeds: dict[str, int]


class Sample(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What the clients' process held at one moment, ``at`` seconds after it began.

    ``types`` are objects of this library's and the event loops' classes; ``memories`` are the lengths of all containers
    that its objects hold, by class and attribute.
    """

    at: float
    delivered: int
    process: dict[str, float]
    types: dict[str, int]
    memories: dict[str, int]


class Arrived(msgspec.Struct, kw_only=True):
    """What arrived at one watcher: ``events`` of all kinds, of which the ``delivered`` ones had numbers.

    ``missed`` are numbers that passed while the session said that it was down; ``lost`` are those that it did not say
    anything of.
    """

    watcher: str
    events: int = 0
    delivered: int = 0
    missed: int = 0
    lost: int = 0
    doubled: int = 0
    sessions: int = 0
    connections: int = 0
    malformed: int = 0


class Done(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The last that the clients' process prints."""

    seconds: float
    cpu: float
    arrived: list[Arrived]

"""Sessions with a witness beside them that do a little more or less than they must, where a test says so."""

import random
import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

import msgspec
import pytest

from kick_proto.backoff import Backoff
from kick_proto.errors import LocalProtocolError
from kick_proto.frames import Frame, encode_frame
from kick_proto.ids import Channel, Topic, topics_of
from kick_proto.lifecycle import Stats
from kick_proto.machine import Closed, Opened, Output, Received
from kick_proto.pusher import App
from kick_proto.session import Config, Session, State, Timer
from kick_proto.testing.simulation.laws import Law, Violation
from kick_proto.testing.simulation.witness import Witness
from tests.scenes import FOX, OWL
from tests.session_acts import ESTABLISHED

TOPIC, OTHER = topics_of(FOX)[:2]
OWLS = topics_of(OWL)[0]
APP = App()
POLICY = Backoff(base=2.0, cap=8.0, retries=None, jitter="none")
CONFIG = Config(provider=APP, send_rate=1.0, send_burst=1.0, backoff=POLICY)
WAKEFUL = msgspec.structs.replace(CONFIG, send_rate=100.0, send_burst=100.0)


class Bent(Session):
    """Says ``more`` than a session and nothing that has ``lost`` in it; ``says`` is what can be seen of it otherwise.

    ``takes_all`` and ``takes_nothing`` are about commands: the one takes what is illegal, the other nothing at all.
    """

    more: deque[Output[Sequence[str]]]
    lost: str | None = None
    takes_all = False
    takes_nothing = False
    says: dict[str, Any]

    def poll_output(self) -> Output[Sequence[str]] | None:
        while (output := super().poll_output()) is not None:
            if self.lost is None or self.lost not in repr(output):
                return output
        return self.more.popleft() if self.more else None

    def subscribe(self, now: float, channel: Channel, topics: Iterable[Topic] | None = None) -> None:
        self._obey(lambda: super(Bent, self).subscribe(now, channel, topics))

    def unsubscribe(self, now: float, channel: Channel) -> None:
        self._obey(lambda: super(Bent, self).unsubscribe(now, channel))

    def _obey(self, command: Callable[[], None]) -> None:
        if self.takes_nothing:
            raise LocalProtocolError("no")
        with suppress(*[LocalProtocolError] if self.takes_all else []):
            command()

    def poll_timeout(self) -> float | None:
        return self.says["poll_timeout"] if "poll_timeout" in self.says else super().poll_timeout()

    @property
    def wants_input(self) -> bool:
        return bool(self.says.get("wants_input", super().wants_input))

    @property
    def closed(self) -> bool:
        return bool(self.says.get("closed", super().closed))

    @property
    def state(self) -> State:
        state: State = self.says.get("state", super().state)
        return state

    @property
    def timers(self) -> frozenset[Timer]:
        timers: frozenset[Timer] = self.says.get("timers", super().timers)
        return timers

    def stats(self) -> Stats:
        return msgspec.structs.replace(super().stats(), **self.says.get("stats", {}))


def witnessed(config: Config = CONFIG, app: App = APP) -> tuple[Bent, Witness]:
    session = Bent(config, rng=random.Random(7))
    session.more, session.says = deque(), {}
    return session, Witness(session, config, app)


def opened(config: Config = CONFIG) -> tuple[Bent, Witness]:
    """With one topic, and a socket that waits for the handshake."""
    session, witness = witnessed(config)
    witness.subscribe(0.0, FOX, [TOPIC])
    witness.connect(0.0)
    witness.handle_input(0.0, Opened(1))
    return session, witness


def up(config: Config = CONFIG) -> tuple[Bent, Witness]:
    """With one topic, which is confirmed."""
    session, witness = opened(config)
    hear(witness, 0.0, ESTABLISHED)
    hear(witness, 0.0, confirmed(TOPIC))
    assert session.confirmed == {TOPIC}
    return session, witness


def hear(witness: Witness, now: float, *texts: str, ref: int = 1, unix_now: float = 0.0) -> None:
    witness.handle_input(now, Received(ref, list(texts), unix_now))


def again(witness: Witness, now: float, ref: int) -> None:
    """A further socket comes up, with the topic confirmed."""
    witness.handle_input(now, Opened(ref))
    hear(witness, now, ESTABLISHED, ref=ref)
    hear(witness, now, confirmed(TOPIC), ref=ref)


def confirmed(topic: Topic) -> str:
    return encode_frame(Frame("pusher_internal:subscription_succeeded", topic, "{}"))


def refused(topic: Topic) -> str:
    return encode_frame(Frame("pusher_internal:subscription_error", topic, "{}"))


def outputs(witness: Witness) -> list[Output[Sequence[str]]]:
    return list(iter(witness.poll_output, None))


def breaks(law: Law, sentence: str, act: Callable[..., object], *arguments: object, **named: object) -> None:
    """Doing that is found to break the law, in these words."""
    with pytest.raises(Violation, match="^" + re.escape(f"law {law.value} ({law.name.lower()}): {sentence}") + "$"):
        act(*arguments, **named)


def in_waiting() -> tuple[Bent, Witness]:
    session, witness = up()
    witness.handle_input(1.0, Closed(1, 1006))
    assert session.state is State.WAITING
    return session, witness


def connecting() -> tuple[Bent, Witness]:
    session, witness = witnessed()
    witness.connect(0.0)
    return session, witness

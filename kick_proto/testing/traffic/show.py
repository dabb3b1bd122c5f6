"""One channel's traffic, act after act: mostly chat, and between it whatever else may happen."""

from kick_proto.errors import LocalProtocolError
from kick_proto.frames import Frame
from kick_proto.ids import Channel
from kick_proto.machine import Rng
from kick_proto.testing.traffic import chat
from kick_proto.testing.traffic.deck import Deck
from kick_proto.testing.traffic.scenes import PRIVATE_SCENES, SCENES
from kick_proto.testing.traffic.stage import Stage

__all__ = ["Traffic"]


class Traffic:
    """What one lively channel publishes.

    The channel is live when the traffic begins. Same channel, same chance and same times, same frames.
    """

    def __init__(self, channel: Channel, rng: Rng, *, rare: float = 0.08) -> None:
        if not 0.0 <= rare <= 1.0:
            raise LocalProtocolError(f"rare is the share of acts that are not chat, 0.0 to 1.0, not {rare!r}")
        self._rng = rng
        self._rare = rare
        self._stage = Stage(channel, rng)
        self._deck = Deck(SCENES.values(), rng)

    def act(self, unix_now: float) -> list[Frame]:
        """One thing happens: the frames that tell it, in wire order; at least one.

        ``unix_now`` is the wall clock in unix seconds (UTC): it is what the frames call now.
        """
        scene = self._deck.draw() if self._rng.random() < self._rare else chat.chatter
        return scene(self._stage, unix_now)

    def play(self, scene: str, unix_now: float) -> list[Frame]:
        """Let one scene of ``SCENES`` or ``PRIVATE_SCENES`` happen now, by its name; the deck stays as it is.

        Raises:
            LocalProtocolError: there is no scene of that name; the message lists those that there are.
        """
        play = SCENES.get(scene) or PRIVATE_SCENES.get(scene)
        if play is None:
            known = ", ".join(sorted({*SCENES, *PRIVATE_SCENES}))
            raise LocalProtocolError(f"no scene is called {scene!r}; the scenes are: {known}")
        return play(self._stage, unix_now)

"""Seeded traffic of one Kick channel, as it comes on the wire: for a mock server, a demo, and tests.

``Traffic(channel, rng).act(unix_now)`` gives the frames of one thing that happens. Most acts are chat; a share is
drawn from a shuffled deck that holds every scene of ``SCENES`` once, so that nothing is too rare to be met. All
people and texts are invented; the shapes are those of the wire catalogue, old eras beside new.

It decides what to say and nothing else: whoever calls it has the clock, the chance and the socket. The folder is one
module that grew: ``stage`` holds the state, ``chat`` and the modules named after their events hold the scenes,
``scenes`` the tables, ``show`` the class, ``showcase`` a demonstration with what a public socket never has.
"""

from kick_proto.testing.traffic.chat import Scene
from kick_proto.testing.traffic.scenes import PRIVATE_SCENES, SCENES
from kick_proto.testing.traffic.show import Traffic
from kick_proto.testing.traffic.showcase import Showcase

__all__ = ["PRIVATE_SCENES", "SCENES", "Scene", "Showcase", "Traffic"]

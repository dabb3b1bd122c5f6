"""What a seed stands for is the same on every machine and in every Python, until somebody means to change it.

A seed that a run has printed is of use to others only then. Each digest is of what is drawn, before any machine has met
it, so no change of a machine touches it. A change of what is drawn does: then every seed stands for something else,
which ``CHANGELOG.md`` tells, and the digest that the failure shows is put in here.
"""

import hashlib
import re
from collections.abc import Iterable

import msgspec

from kick_proto.frames import encode_frame
from kick_proto.testing.simulation.plans import draw
from tests.testing.shows import ALL_SCENES, flat, played, run
from tests.testing.test_showcase import show


def digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def plan(seed: int) -> str:
    """A plan as a text. Fractions are cut: the last digits of a power are not the same in every C library."""
    text = msgspec.json.encode(draw(seed, 6.0), order="deterministic").decode()
    return re.sub(r"\d+\.\d+", lambda number: f"{float(number[0]):.6g}", text)


def test_a_seed_plans_the_same_sessions_and_the_same_troubles() -> None:
    assert digest(map(plan, range(10))) == "d9362a6978a1c6e2"


def test_a_seed_tells_the_same_stories() -> None:
    assert digest(map(encode_frame, flat(run(2_000, rare=0.3)))) == "224d8cb546dedf32"


def test_a_seed_plays_each_scene_alike() -> None:
    frames = (frame for scene in ALL_SCENES.values() for frame in flat(played(scene)))
    assert digest(map(encode_frame, frames)) == "e90a4da7a7e1e709"


def test_a_seed_shows_the_same() -> None:
    assert digest(map(encode_frame, flat(show(300, 7)))) == "c9b1bdda8af89090"

"""Each value that the traffic tells is one that the wire catalogue knows, and of what it lists, all are told."""

import json
from collections import defaultdict
from typing import Any

import pytest

from tests.testing.shows import ALL_SCENES, NOW, PREFIX, SPOKEN, played
from tests.testing.traffic_forms import Forms, fits, values
from tests.testing.traffic_scenes import SCENES
from tests.testing.traffic_values import VALUES

TOLD = {**ALL_SCENES, **SPOKEN}
SELDOM = {
    ("PinnedMessageCreatedEvent", f"{who}.identity.{badges}")
    for who in ("message.sender", "pinnedBy")
    for badges in ("badges", "badges_v2")
}
"""Lists that few people leave empty, and a stage has few moderators."""


def told(scene: str, times: int) -> dict[tuple[str, str], list[tuple[Any, float]]]:
    """By event and path: every value that a scene tells, and when."""
    found: dict[tuple[str, str], list[tuple[Any, float]]] = defaultdict(list)
    for number, frames in enumerate(played(TOLD[scene], times=times)):
        for frame in frames:
            for path, value in values(json.loads(frame.data)):
                found[frame.event.removeprefix(PREFIX), path].append((value, NOW + number))
    return found


def missing(forms: Forms, path: str, seen: list[Any]) -> set[str]:
    """What a set has that was not told."""
    form = forms[path]
    return set(form) - set(map(json.dumps, seen)) if isinstance(form, frozenset) else set()


@pytest.mark.parametrize("scene", TOLD)
def test_a_scene_tells_values_of_the_forms_that_the_catalogue_gives(scene: str) -> None:
    own, found = SCENES.get(scene, {}), told(scene, 60)
    for (event, path), seen in found.items():
        for form in (VALUES[event][path], own.get(event, {}).get(path)):
            for value, at in seen:
                assert form is None or fits(form, value, at), (event, path, value)
    left = {
        (event, path): missing(forms, path, [value for value, _ in found[event, path]])
        for event, forms in own.items()
        for path in forms
    }
    assert {key: values for key, values in left.items() if values} == {}


def test_all_paths_and_all_values_of_a_set_are_told() -> None:
    seen: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for scene in TOLD:
        for key, found in told(scene, 40).items():
            seen[key] += [value for value, _ in found]
    every = {(event, path) for event, forms in VALUES.items() for path in forms}
    assert set(seen) - SELDOM == every - SELDOM
    left = {(event, path): missing(VALUES[event], path, seen[event, path]) for event, path in every - SELDOM}
    assert {key: values for key, values in left.items() if values} == {}

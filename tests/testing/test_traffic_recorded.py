"""The traffic's keys against recorded frames, where a folder with recordings stands beside the project."""

import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from kick_proto.ids import Channel, ChannelId, ChatroomId
from kick_proto.testing.traffic import PRIVATE_SCENES, SCENES, Traffic

RECORDINGS = Path(__file__).parents[3] / "shared" / "wire" / "samples.ndjson"
NOW = 1_790_000_000.5
PREFIX = "App\\Events\\"

UNRECORDED: Mapping[str, frozenset[str]] = {
    "GiftedSubscriptionsEvent": frozenset(
        f"chunk_details.{key}" for key in ("correlation_id", "chunk_index", "total_chunks")
    ),
    "ChatMessageSentEvent": frozenset(f"message.giftedUsers[].{key}" for key in ("username", "monthsSubscribed")),
    "NewActivityFeedEvent": frozenset({"metadata.quantity"}),
    "PinnedMessageCreatedEvent": frozenset(
        f"message.metadata.{key}"
        for key in (
            *("original_sender", "original_sender.id", "original_sender.username"),
            *("original_message", "original_message.id", "original_message.content"),
            *("celebration", "celebration.id", "celebration.type"),
            *("celebration.total_months", "celebration.created_at"),
        )
    ),
}
"""Keys that the catalogue describes without a public frame; what is pinned may be a reply, or a celebration."""

YOUNGER: Mapping[str, frozenset[str]] = {
    "ChatroomUpdatedEvent": frozenset({"account_age", "account_age.enabled", "account_age.min_duration"}),
    "MessageDeletedEvent": frozenset({"aiModerated", "violatedRules"}),
}
"""Keys that all recordings have, but older frames have not, as the catalogue says."""

Keys = frozenset[str]


def keys(value: Any, path: str = "") -> Iterator[str]:
    """Paths of all keys of a payload, those of list items included."""
    if isinstance(value, dict):
        for key, inner in value.items():
            here = f"{path}.{key}" if path else key
            yield here
            yield from keys(inner, here)
    elif isinstance(value, list):
        for item in value:
            yield from keys(item, f"{path}[]")


def by_event(frames: Iterator[tuple[str, str]]) -> dict[str, list[Keys]]:
    found: dict[str, list[Keys]] = {}
    for event, data in frames:
        found.setdefault(event.removeprefix(PREFIX), []).append(frozenset(keys(json.loads(data))))
    return found


@pytest.fixture(scope="module")
def recordings() -> list[dict[str, Any]]:
    if not RECORDINGS.exists():
        pytest.skip("no recordings stand beside the project")
    return [json.loads(line) for line in RECORDINGS.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def recorded(recordings: list[dict[str, Any]]) -> dict[str, list[Keys]]:
    return by_event((each["event"], each["data"]) for each in recordings if not each["event"].startswith("pusher"))


@pytest.fixture(scope="module")
def generated() -> dict[str, list[Keys]]:
    return by_event((frame.event, frame.data) for frame in frames())


def frames() -> Iterator[Any]:
    show = Traffic(Channel(ChannelId(81_234_567), ChatroomId(80_765_432)), random.Random(7))
    for number in range(2_000):
        yield from show.act(NOW + number)
    for name in (*SCENES, *PRIVATE_SCENES):
        for number in range(10):
            yield from show.play(name, NOW + number)


def test_every_recorded_event_is_generated(recorded: dict[str, list[Keys]], generated: dict[str, list[Keys]]) -> None:
    assert set(recorded) - set(generated) == set()


def test_no_key_is_generated_that_was_not_recorded(
    recorded: dict[str, list[Keys]], generated: dict[str, list[Keys]]
) -> None:
    for event, seen in recorded.items():
        known = frozenset().union(*seen) | UNRECORDED.get(event, frozenset())
        assert frozenset().union(*generated[event]) - known == set(), event


def test_no_recorded_key_is_missing(recorded: dict[str, list[Keys]], generated: dict[str, list[Keys]]) -> None:
    for event, seen in recorded.items():
        # A list may be empty, and then has no items with keys.
        always = {key for key in frozenset.intersection(*seen) - YOUNGER.get(event, frozenset()) if "[]" not in key}
        for one in generated[event]:
            assert always - one == set(), event
        assert frozenset().union(*seen) - frozenset().union(*generated[event]) == set(), event


def texts(value: Any) -> Iterator[str]:
    """What people wrote or chose: names, messages, titles."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, str) and key in {"username", "content", "title", "session_title", "label"}:
                yield inner
            yield from texts(inner)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def test_no_text_is_taken_from_a_recording(recordings: list[dict[str, Any]]) -> None:
    taken = {text for each in recordings for text in texts(json.loads(each["data"]))} - {"moderator", ""}
    made = {text for frame in frames() for text in texts(json.loads(frame.data))}
    assert taken & made == set()

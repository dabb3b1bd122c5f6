"""Polls: one opens, votes come in, it closes or is taken down.

One poll at a time. A scene whose time has not come (votes before there is a poll) brings it about first, so that
every frame continues a story that began. A poll has no number; its seconds go down, never up.

Source: Seen: wire catalogue section 7, "PollUpdateEvent" (2026). Guess: ``PollDeleteEvent``, by a description.
"""

from kick_proto.frames import Frame
from kick_proto.ids import TopicKind
from kick_proto.testing.traffic import chance, wording, writers
from kick_proto.testing.traffic.stage import Poll, Stage

__all__ = ["poll_closes", "poll_deleted", "poll_opens", "poll_votes"]

LONGEST_BURST = 6
"""Frames in one scene of votes, each of which takes one second off, or two."""


def poll_opens(stage: Stage, unix_now: float) -> list[Frame]:
    """A poll opens; its first frame alone says whether one has voted."""
    frames = poll_closes(stage, unix_now) if stage.poll is not None else []
    return [*frames, *_running(stage)[0]]


def poll_votes(stage: Stage, unix_now: float) -> list[Frame]:
    """Votes come in for some seconds: one frame a second, none for a second without votes."""
    nearly_over = stage.poll is not None and stage.poll.remaining <= 2 * LONGEST_BURST
    frames = poll_closes(stage, unix_now) if nearly_over else []
    opened, poll = _running(stage)
    frames += opened
    for _ in range(chance.whole(stage.rng, 3, LONGEST_BURST)):
        poll.remaining -= 2 if chance.happens(stage.rng, 0.2) else 1
        frames.append(_voted(stage, poll))
    return frames


def poll_closes(stage: Stage, unix_now: float) -> list[Frame]:
    """The last votes come in, and time is up."""
    frames, poll = _running(stage)
    poll.remaining = 0
    stage.poll = None
    return [*frames, _voted(stage, poll)]


def poll_deleted(stage: Stage, unix_now: float) -> list[Frame]:
    """A poll is taken down before its time: an empty array."""
    frames, _ = _running(stage)
    stage.poll = None
    return [*frames, writers.laravel(stage.topics[TopicKind.CHATROOM_V2], "PollDeleteEvent", [])]


def _running(stage: Stage) -> tuple[list[Frame], Poll]:
    """The poll that runs; where none does, one opens, and the frames tell it."""
    if stage.poll is not None:
        return [], stage.poll
    title, labels = chance.pick(stage.rng, wording.POLLS)
    duration = chance.pick(stage.rng, (30, 60, 120))
    stage.poll = Poll(title, labels, [0] * len(labels), duration, duration)
    return [_told(stage, stage.poll, {"has_voted": False, "voted_option_id": None})], stage.poll


def _voted(stage: Stage, poll: Poll) -> Frame:
    poll.votes[chance.whole(stage.rng, 0, len(poll.votes) - 1)] += chance.whole(stage.rng, 1, 9)
    return _told(stage, poll, {})


def _told(stage: Stage, poll: Poll, more: dict[str, object]) -> Frame:
    options = [
        {"id": id, "label": label, "votes": votes}
        for id, (label, votes) in enumerate(zip(poll.labels, poll.votes, strict=True))
    ]
    payload = {
        "poll": {
            "title": poll.title,
            "options": options,
            "duration": poll.duration,
            "remaining": poll.remaining,
            "result_display_duration": 15,
            **more,
        }
    }
    return writers.laravel(stage.topics[TopicKind.CHATROOM_V2], "PollUpdateEvent", payload)

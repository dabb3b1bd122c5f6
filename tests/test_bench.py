"""That the benchmark works, in its short form. How long anything takes is nobody's concern here."""

import json
import random
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kick_proto.decoders import Decoders
from kick_proto.events import ChatMessage
from kick_proto.frames import parse_frame
from kick_proto.lifecycle import Up
from tests.bench.__main__ import MODES
from tests.bench.contestants import CONTESTANTS, missing
from tests.bench.latency import WHO
from tests.bench.order import CHANNELS, STAMP, STAMP_DIGITS
from tests.bench.paced import measure_pace
from tests.bench.replay import chats_with_a_stamp, record
from tests.bench.running import ROOT
from tests.bench.soaking.shows import Show, recorded
from tests.bench.soaking.tally import Tally
from tests.bench.soaking.verdict import judge


def test_the_same_seed_gives_the_same_bytes_and_nearly_all_are_chat() -> None:
    tape = record("plain", "pusher", 500)
    assert tape == record("plain", "pusher", 500)
    assert 0.90 < sum(tape.is_chat) / len(tape.is_chat) < 0.94
    chats = sorted(len(entry) for entry, is_chat in zip(tape.entries, tape.is_chat, strict=True) if is_chat)
    assert 500 < chats[len(chats) // 2] < 900
    assert len(b"".join(tape.pieces(1_250))) == 2 * sum(map(len, tape.entries)) + sum(map(len, tape.entries[:250]))
    assert tape.chats(1_000) == 2 * tape.chats(500)


def test_what_grows_is_told_from_what_scatters() -> None:
    rng = random.Random(7)
    times = [float(place) for place in range(600)]
    noise = [rng.gauss(0, 20) for _ in times]
    warming_up = [1_000 - 900 / (1 + at / 10) for at in times]
    sawtooth = [at % 60 for at in times]
    shapes = {
        "noise": [1_000 + each for each in noise],
        "a spike": [5_000.0 if at > 590 else 1_000.0 for at in times],
        "warm-up": [level + each for level, each in zip(warming_up, noise, strict=True)],
        "a saw": [1_000 + tooth for tooth in sawtooth],
        "less and less": [2_000 - at for at in times],
    }
    assert [name for name, values in shapes.items() if judge(name, times, values, slack=5.0).grows] == []
    growing = {
        "one in ten seconds": [float(at // 10) for at in times],
        "within noise": [1_000 + at / 2 + each for at, each in zip(times, noise, strict=True)],
        "on a saw": [1_000 + tooth + at for at, tooth in zip(times, sawtooth, strict=True)],
    }
    assert [name for name, values in growing.items() if not judge(name, times, values, slack=5.0).grows] == []


def _numbered(number: int) -> ChatMessage:
    (text,) = chats_with_a_stamp(1)
    stamped = text.replace(STAMP.encode(), str(number).rjust(STAMP_DIGITS, "0").encode())
    event = Decoders().decode(parse_frame(stamped.decode()), datetime.now(UTC), CHANNELS[0])
    assert isinstance(event, ChatMessage)
    return event


def test_what_is_lost_is_told_from_what_was_missed() -> None:
    tally = Tally("one")
    tally.begin()
    for what in (Up("here", "1.1"), 5, 6, 8, 8, Up("here", "1.2", 1.0), 20, 21, 19):
        tally.take(what if isinstance(what, Up) else _numbered(what))
    arrived = tally.arrived
    assert (arrived.connections, arrived.delivered, arrived.missed) == (2, 7, 11)
    assert (arrived.lost, arrived.doubled) == (1, 2)


def test_the_numbers_of_a_show_go_on_and_names_are_new() -> None:
    show = Show(recorded(CHANNELS[0], 7, count=500), seed=7, rate=1_000.0, now=0.0)
    frames = show.take(1.0) + show.take(1.5)
    numbers = [int(digits) for digits in re.findall(rb'content\\+":\\+"(\d{20})', frames)]
    assert sorted(set(numbers)) == list(range(1, show.number + 1))
    assert len(set(numbers)) < len(numbers) < 1.05 * len(set(numbers))
    names = re.findall(rb"Invented\d{20}", frames)
    assert 1 < len(set(names)) <= len(names)
    show.postpone(100.0)
    assert show.take(100.0) == b""


@pytest.mark.parametrize("topics", [1, 10, 1_000])
def test_many_topics_are_subscribed_within_the_limit(topics: int) -> None:
    pace = measure_pace(topics)
    assert pace.topics == topics
    assert pace.most <= pace.limit
    assert pace.seconds == pytest.approx(max(0.0, (topics - 5) / 5))


@pytest.mark.timeout(600)
def test_the_short_form_measures_everything_that_is_installed(tmp_path: Path) -> None:
    written = tmp_path / "found.json"
    command = [sys.executable, "-m", "tests.bench", *MODES, "--quick", "--json", str(written)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(written.read_text())
    assert set(figures) == set(MODES)
    assert {each["name"] for each in figures["latency"]["latencies"]} <= set(WHO)
    assert all(each["p50"] <= each["p99"] <= each["p999"] for each in figures["latency"]["latencies"])
    assert figures["startup"]["statements"][0]["ratio"] == 1
    assert figures["latency"]["pongs"][0]["count"] > 0
    assert figures["scale"]["sizes"][0]["sessions"] == 5
    assert [each["count"] for each in figures["scale"]["breadths"]] == [5, 5]
    soaked = figures["soak"]["soaked"]
    assert all(each["delivered"] > 0 == each["lost"] == each["doubled"] for each in soaked["arrived"])
    assert {each["name"] for each in soaked["process"]} >= {"resident KiB", "objects", "open sockets", "threads"}
    assert "RecentIds._young" in {each["name"] for each in soaked["memories"]}
    assert figures["levels"]["levels"][0]["ratio"] == 1
    found = figures["cost"]
    left_out = {each["name"] for each in found["skipped"]}
    assert left_out == {each.name for each in CONTESTANTS if missing(each) is not None}
    assert {each["name"] for each in found["costs"]} | left_out == {each.name for each in CONTESTANTS}
    assert all(each["microseconds"] > 0 and each["ratio"] > 0 for each in found["costs"])

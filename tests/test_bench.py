"""That the benchmark works, in its short form. How long anything takes is nobody's concern here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.__main__ import MODES
from tests.bench.contestants import CONTESTANTS, missing
from tests.bench.latency import WHO
from tests.bench.replay import record
from tests.bench.running import ROOT


def test_the_same_seed_gives_the_same_bytes_and_nearly_all_are_chat() -> None:
    tape = record("plain", "pusher", 500)
    assert tape == record("plain", "pusher", 500)
    assert 0.90 < sum(tape.is_chat) / len(tape.is_chat) < 0.94
    chats = sorted(len(entry) for entry, is_chat in zip(tape.entries, tape.is_chat, strict=True) if is_chat)
    assert 500 < chats[len(chats) // 2] < 900
    assert len(b"".join(tape.pieces(1_250))) == 2 * sum(map(len, tape.entries)) + sum(map(len, tape.entries[:250]))
    assert tape.chats(1_000) == 2 * tape.chats(500)


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
    assert figures["scale"]["sizes"][0]["sessions"] == 5
    assert figures["levels"]["levels"][0]["ratio"] == 1
    found = figures["cost"]
    left_out = {each["name"] for each in found["skipped"]}
    assert left_out == {each.name for each in CONTESTANTS if missing(each) is not None}
    assert {each["name"] for each in found["costs"]} | left_out == {each.name for each in CONTESTANTS}
    assert all(each["microseconds"] > 0 and each["ratio"] > 0 for each in found["costs"])

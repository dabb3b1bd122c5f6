"""The plugin, run by pytest inside of pytest, as it runs for those who have the library installed."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.recording.making import recorded

pytest_plugins = ("pytester",)

TEST = """
import pytest
from kick_proto.events import ChatMessage

@pytest.mark.recording("chat.ndjson")
def test_chat(recording):
    assert sum(isinstance(event, ChatMessage) for event in recording) > 10
"""


def ran(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    # No plugin but ours, and not this process, so that nothing is loaded that is not asked for.
    return pytester.runpytest_subprocess("--strict-markers", "-p", "no:cacheprovider", *arguments)


def place(pytester: pytest.Pytester, lines: list[bytes], name: str = "chat.ndjson") -> None:
    Path(pytester.path, name).write_bytes(b"".join(lines))


def test_the_events_of_a_recording_are_replayed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TEST)
    place(pytester, recorded(5).lines)
    ran(pytester).assert_outcomes(passed=1)


def test_the_mark_is_known_and_explained(pytester: pytest.Pytester, pytestconfig: pytest.Config) -> None:
    (told,) = (line for line in pytestconfig.getini("markers") if line.startswith("recording("))
    assert told == (
        "recording(file, *, decoders=None): replay the recording, beside the test's file, for the fixture of that name"
    )
    pytester.makepyfile(TEST.replace("recording(", "recordings("))
    ran(pytester).assert_outcomes(errors=1)
    ran(pytester, "--markers").stdout.fnmatch_lines(["@pytest.mark.recording(file, ?, decoders=None): *"])


def test_a_replay_that_differs_fails_and_says_where(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TEST)
    lines = recorded(5).lines
    number = next(number for number, line in enumerate(lines) if b'"name":"ChatMessage"' in line)
    lines[number] = lines[number].replace(b'"text":"', b'"text":"once upon a time ')
    place(pytester, lines)
    result = ran(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "*chat.ndjson replays otherwise than it was recorded, in 1 place:*",
            "line *, at * s:",
            "  recorded: *once upon a time*",
            "  replayed: *",
        ]
    )


def test_a_damaged_recording_fails_and_says_where(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TEST)
    lines = recorded(1).lines
    place(pytester, [*lines[:9], b"?\n", *lines[9:]])
    result = ran(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*chat.ndjson is damaged:*", "line 10: *"])


@pytest.mark.parametrize("mark", ["", "@pytest.mark.recording", "@pytest.mark.recording('a', 'b')"])
def test_the_fixture_needs_a_mark_with_one_file(mark: str, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(f"import pytest\n{mark}\ndef test_nothing(recording): pass")
    result = ran(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the fixture needs a mark that names one file*"])


def test_decoders_can_be_brought(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from kick_proto.decoders import Decoders

        @pytest.mark.recording("chat.ndjson.zst", decoders=Decoders(()))
        def test_chat(recording):
            pass
        """
    )
    place(pytester, recorded(5).lines, "chat.ndjson.zst")
    result = ran(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*replayed: *Unknown*"])


def test_pytest_loads_nothing_of_ours_until_it_is_asked_for() -> None:
    see = "import sys, kick_proto.testing.pytest_plugin; print([each for each in sys.modules if 'kick_proto' in each])"
    told = subprocess.run([sys.executable, "-c", see], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "['kick_proto', 'kick_proto.testing', 'kick_proto.testing.pytest_plugin']"

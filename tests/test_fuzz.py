"""The fuzz targets without a fuzzer: every seed and crasher, some arbitrary bytes, and bugs that they must find."""

import importlib
import inspect
import json
import pkgutil
import random
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fuzz.__main__
from fuzz import HOME, TARGETS, corpus, inputs, pusher, replies, shrink, target, upgrade
from kick_io.storage.own_database import OwnDatabase
from kick_proto import content, endpoints, frames, redirect, rfc6455
from kick_proto.content import Fragment, fragments
from kick_proto.endpoints.official import official
from kick_proto.errors import StoreError
from kick_proto.frames import Frame
from kick_proto.ids import topics_of
from kick_proto.oauth import Grant
from kick_proto.oauth.events import Issued, Refreshed
from kick_proto.session import Session, State

ROOT = HOME.parent
STORED = [(name, path) for name in TARGETS for kind in ("seeds", "crashers") for path in inputs(kind, name)]
CHAT = Frame(
    "App\\Events\\ChatMessageEvent",
    "chatrooms.7.v2",
    '{"id":"m1","content":"hi @Bob","created_at":"2026-11-01T12:00:00Z","sender":{"id":5,"username":"Ada"}}',
)


@pytest.mark.parametrize(("name", "path"), STORED, ids=lambda each: each if isinstance(each, str) else each.name)
def test_a_stored_input_holds(name: str, path: Path) -> None:
    target(name).check(path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_has_seeds_and_none_stands_twice(name: str) -> None:
    seeds = [path.read_bytes() for path in inputs("seeds", name)]
    assert len(seeds) >= 3
    assert len(set(seeds)) == len(seeds)


@pytest.mark.parametrize("name", TARGETS)
@given(data=st.binary(max_size=80))
def test_arbitrary_bytes_hold(name: str, data: bytes) -> None:
    target(name).check(data)


@pytest.mark.parametrize("name", TARGETS)
@given(data=st.data())
def test_a_seed_with_a_few_bytes_changed_holds(name: str, data: st.DataObject) -> None:
    seed = data.draw(st.sampled_from(inputs("seeds", name))).read_bytes()
    at = data.draw(st.integers(0, len(seed)))
    gone, more = data.draw(st.integers(0, 4)), data.draw(st.binary(max_size=4))
    target(name).check(seed[:at] + more + seed[at + gone :])


@pytest.mark.parametrize("name", TARGETS)
def test_a_recorded_frame_makes_an_input_that_holds(name: str) -> None:
    data = target(name).seed(CHAT)
    assert len(data) > 5
    target(name).check(data)


def test_the_input_of_a_frame_leads_a_session_to_its_event() -> None:
    play = pusher.Play()
    for line in pusher.seed(CHAT).split(b"\nt\n")[0].split(b"\n"):
        pusher.STEPS[line[:1]](play, line[1:])
        play.drain()
    stats = play.session.stats()
    assert (play.session.state, stats.frames, stats.events, stats.dropped) == (State.UP, 2, 1, 1)
    assert play.session.confirmed == set(topics_of(pusher.CHANNELS[0]))


def test_the_reply_to_every_call_is_fuzzed() -> None:
    names = [each.name for each in pkgutil.walk_packages(endpoints.__path__, "kick_proto.endpoints.")]
    functions = {
        each
        for name in names
        for each in vars(importlib.import_module(name)).values()
        if inspect.isfunction(each) and each.__name__ in sys.modules[each.__module__].__all__
    }
    make_calls = {each for each in functions if "call.Call[" in str(inspect.signature(each).return_annotation)}
    assert make_calls - {official} == set(replies.MAKERS)


def test_there_is_no_target_of_another_name() -> None:
    with pytest.raises(KeyError, match="websocket, upgrade"):
        target("nonsense")


# Bugs that each target must find


def read_reserved_bits(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rfc6455, "PLAIN_TEXT", 0xC100)
    patch.setattr(rfc6455, "LONGER_TEXT", 0xC100 + 126)


def take_any_token(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("kick_proto.upgrade.generate_accept_token", lambda key: b"x")


def ping_without_a_pause(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("kick_proto.pusher.SHORTEST_ACTIVITY", 0.0)


def forget_the_topic(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("fuzz.frames.encode_frame", lambda frame: frames.encode_frame(Frame(frame.event, "", frame.data)))


def lose_the_frame(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("fuzz.decoders.DECODE", lambda frame, at, channel: None)


def lose_the_last_fragment(patch: pytest.MonkeyPatch) -> None:
    def shortened(text: str) -> tuple[Fragment, ...]:
        return fragments(text)[:-1]

    patch.setattr("fuzz.content.fragments", shortened)


def let_an_emote_have_any_length(patch: pytest.MonkeyPatch) -> None:
    square = content._SPECIAL.replace(r"[^\]]{0,100}", r"[^\]]*")
    patch.setattr("kick_proto.content._SPECIAL", square)


def say_what_is_secret(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("kick_proto.outcomes.redacted", lambda text, **limits: text)


def take_any_state(patch: pytest.MonkeyPatch) -> None:
    # By its module: the package has a function of that name.
    patch.setattr(sys.modules["kick_proto.oauth.attempt"], "_same", lambda text, expected: True)


def use_new_tokens_at_once(patch: pytest.MonkeyPatch) -> None:
    tell = Grant._take

    def take(grant: Grant, now: float, event: Issued | Refreshed) -> None:
        tell(grant, now, event)
        grant.stored(now, event.tokens)

    patch.setattr(Grant, "_take", take)


def forget_that_it_came(patch: pytest.MonkeyPatch) -> None:
    answering = (redirect.State.WAITING, redirect.Signal.ARRIVED)
    patch.setattr(redirect, "TRANSITIONS", {**redirect.TRANSITIONS, answering: redirect.State.WAITING})


def show_markup(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("kick_proto.redirect.html.escape", lambda text: f"<b>{text}</b>")


def let_anything_be_a_slug(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("kick_proto.slugs._SLUG", re.compile(r"\S{1,25}"))


def begin_anew_where_it_is_broken(patch: pytest.MonkeyPatch) -> None:
    broken = OwnDatabase.broken

    def emptied(database: OwnDatabase, finding: str) -> StoreError:
        database.path.write_bytes(b"")
        return broken(database, finding)

    patch.setattr(OwnDatabase, "broken", emptied)


def take_any_key(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("kick_io.storage.keys.KeyFile.find", lambda self, id: self._read())


def mix_up_reads(patch: pytest.MonkeyPatch) -> None:
    def lines_of(reads: Callable[[int], bytes]) -> Iterator[bytes]:
        return iter(lambda: reads(1 << 16), b"")

    patch.setattr("fuzz.recordings.lines_of", lines_of)


def draw_anew(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("kick_proto.recording.replaying._Drawn.random", lambda self: random.random())


def print_as_it_is(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("kick_io.cli.output.render.visible", lambda text: text)


def count_nothing(patch: pytest.MonkeyPatch) -> None:
    stats = Session.stats

    def miscounted(session: Session) -> object:
        counted = stats(session)
        counted.dropped = 0
        return counted

    patch.setattr(Session, "stats", miscounted)


def stored(name: str, seed: str) -> bytes:
    return (HOME / "seeds" / name / seed).read_bytes()


HASTY = b'c\no\n<{"event":"pusher:connection_established","data":{"socket_id":"1","activity_timeout":1e-300}}\n!'


@pytest.mark.parametrize(
    ("name", "plant", "data"),
    [
        ("websocket", read_reserved_bits, b"\x00\x81\x01A\xc1\x02BC"),
        ("upgrade", take_any_token, b"\x05" + upgrade.GOOD.replace(upgrade.ACCEPT, b"x")),
        ("pusher", ping_without_a_pause, HASTY),
        ("pusher", count_nothing, stored("pusher", "chat")),
        ("frames", forget_the_topic, stored("frames", "string")),
        ("decoders", lose_the_frame, stored("decoders", "chat")),
        ("render", print_as_it_is, stored("render", "unknown")),
        ("content", lose_the_last_fragment, stored("content", "all")),
        ("content", let_an_emote_have_any_length, b"\xff[emote:1:"),
        ("replies", say_what_is_secret, stored("replies", "users")),
        ("login", take_any_state, stored("login", "forged")),
        ("login", use_new_tokens_at_once, stored("login", "good")),
        ("redirect", forget_that_it_came, stored("redirect", "twice")),
        ("redirect", show_markup, stored("redirect", "good")),
        ("slugs", let_anything_be_a_slug, b"f/x"),
        ("store", begin_anew_where_it_is_broken, stored("store", "foreign")),
        ("store", take_any_key, stored("store", "another-key")),
        ("recordings", mix_up_reads, stored("recordings", "chat")),
        ("recordings", draw_anew, stored("recordings", "drift")),
    ],
    ids=lambda each: each.__name__ if callable(each) else None,
)
def test_a_planted_bug_is_found(
    name: str, plant: Callable[[pytest.MonkeyPatch], None], data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    target(name).check(data)
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        target(name).check(data)


# The commands


def test_a_file_is_checked_without_a_fuzzer(capsys: pytest.CaptureFixture[str]) -> None:
    file = HOME / "seeds" / "content" / "all"
    assert fuzz.__main__.main(["content", str(file)]) == 0
    assert capsys.readouterr().out == f"{file}: holds\n"


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["--help"]])
def test_whoever_names_no_target_is_told_which_there_are(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert fuzz.__main__.main(arguments) == 2
    told = capsys.readouterr().err
    assert all(f"  {name}" in told and law in told for name, law in TARGETS.items())


def test_nothing_that_is_to_be_instrumented_is_imported_before_the_fuzzer() -> None:
    """Else atheris would run blind."""
    code = "import sys, fuzz, fuzz.__main__; print([name for name in sys.modules if name.startswith('kick_proto')])"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


def test_a_corpus_grows_by_what_is_new(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = {"event": CHAT.event, "channel": CHAT.channel, "data": CHAT.data}
    lines = [
        json.dumps(told),
        json.dumps({"type": "ChatMessage", "raw": told}),
        "nonsense",
        '{"event":"New","data":{}}',
    ]
    file = tmp_path / "recorded.ndjson"
    file.write_text("\n".join(lines))
    assert corpus.main([str(file)], tmp_path / "corpus") == 0
    # The upgrade's input holds the name alone, all others the payload too: two frames make two inputs of each.
    assert capsys.readouterr().out == f"{2 * len(TARGETS)} new inputs in {tmp_path / 'corpus'}\n"
    assert {folder.name for folder in (tmp_path / "corpus").iterdir()} == set(TARGETS)
    corpus.main([str(file)], tmp_path / "corpus")
    assert capsys.readouterr().out.startswith("0 new inputs")


def test_a_corpus_grows_by_made_up_traffic(tmp_path: Path) -> None:
    assert corpus.main(["--made-up", "30"], tmp_path) == 0
    for name in TARGETS:
        grown = [*(tmp_path / name).iterdir()]
        assert len(grown) > 5
        for file in grown:
            target(name).check(file.read_bytes())


def test_a_corpus_needs_something_to_grow_from(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        corpus.main([])
    assert "FILE" in capsys.readouterr().err


def test_a_crasher_becomes_small(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "crash"
    file.write_bytes(b"\x00" + b"hello " * 50 + b"@Bob" + b" and good bye" * 50)
    assert shrink.main(["content", str(file)]) == 1
    assert "breaks nothing" in capsys.readouterr().err
    lose_the_last_fragment(monkeypatch)
    assert shrink.main(["content", str(file)]) == 0
    assert len(file.read_bytes()) == 2
    assert capsys.readouterr().out.startswith("955 bytes became 2: b'")


@given(st.binary(max_size=40), st.binary(min_size=1, max_size=3))
def test_what_is_shrunk_still_matters_and_nothing_can_be_left_out(data: bytes, needle: bytes) -> None:
    assert shrink.shrunk(data + needle + data, lambda less: needle in less) == needle


def test_the_dictionary_is_one_that_libfuzzer_reads() -> None:
    lines = (HOME / "kick.dict").read_text("ascii").splitlines()
    words = [line for line in lines if line and not line.startswith("#")]
    assert len(words) > 100
    assert [line for line in words if not re.fullmatch(r'"(?:[^"\\]|\\\\|\\"|\\x[0-9a-f]{2})+"', line)] == []


def test_the_fuzzer_is_no_dependency_of_development() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    assert all(each.startswith("atheris") for each in groups["fuzz"])
    assert not any("atheris" in each for each in groups["dev"])


def test_the_page_names_every_target() -> None:
    page = (ROOT / "docs" / "fuzzing.md").read_text()
    assert all(f"| `{name}` | {law} |" in page for name, law in TARGETS.items())

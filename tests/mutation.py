"""Mutation testing: ``uv run --group mutation python -m tests.mutation backoff bucket`` tells how good the tests are.

Each module is mutated in a copy of the tree (``build/mutation/MODULE``), by mutmut, and each mutant meets the tests
that touch the mutated function, out of the files that are about the module. What survives stays there for
``mutmut show NAME`` (run in that folder). A survivor is either killed by a new test or is listed, with the reason why
no test can tell it from the original, in ``docs/mutation.md``, where this reads it.

mutmut forks when all is imported, so a mutant of what runs while a module is loaded (a function that makes the rows of
a table) is never met in its runs. Hence a survivor is tried once more, in a process of its own and against all tests of
the module, before it counts as one. So is one that mutmut stopped because its time was up, before it counts as killed:
whether it spins or the machine was busy is told by a test that does not end within two minutes, or eats up its memory.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[1]
WORK = ROOT / "build" / "mutation"
PAGE = ROOT / "docs" / "mutation.md"

SESSION_TESTS = ("test_session", "test_session_endpoints", "test_session_events", "test_session_topics")
PUSHER_TESTS = ("test_pusher", "test_pusher_end", "test_pusher_life")
REST_TESTS = ("test_rest", "test_rest_edges", "test_rest_ends", "test_rest_redirects", "test_rest_requests")
ENDPOINT_TESTS = (
    *(
        f"endpoints/test_{name}"
        for name in ("arguments", "call", "generic", "people", "public", "reading", "replies", "site")
    ),
    "test_endpoints_oauth",
)

TESTS: Mapping[str, tuple[str, ...]] = {
    "account": ("test_account", "test_account_edges"),
    "agenda": ("test_agenda",),
    "backoff": ("test_backoff",),
    "bucket": ("test_bucket",),
    "clusters": ("test_clusters",),
    "content": ("test_content",),
    "decoders": (
        "test_decoders",
        *(f"test_decoders_{name}" for name in ("audience", "chat", "shapes", "stream", "support")),
    ),
    "demand": ("test_demand",),
    "drift": ("test_drift", "test_session_drift"),
    "endpoints": ENDPOINT_TESTS,
    "errors": ("test_errors",),
    "events": ("test_events", "test_people"),
    "frames": ("test_frames",),
    "health": ("test_health",),
    "http": ("test_http",),
    "ids": ("test_ids",),
    "lifecycle": ("test_lifecycle",),
    "merge": ("test_merge", "test_merge_gifts"),
    "oauth": ("test_oauth", "test_oauth_attempt", "test_oauth_edges"),
    "outcomes": ("test_outcomes",),
    "pace": ("test_pace",),
    "provider": ("test_provider",),
    "pusher": (*PUSHER_TESTS, "test_contract"),
    "recent": ("test_recent",),
    "recording.anonymising": ("recording/test_anonymising",),
    "recording.disguise": ("recording/test_disguise",),
    "recording.lines": ("recording/test_lines",),
    "recording.packing": ("recording/test_packing",),
    "recording.pseudonyms": ("recording/test_pseudonyms",),
    "recording.recorder": ("recording/test_recorder",),
    "recording.replaying": ("recording/test_replaying",),
    "recording.setup": ("recording/test_setup",),
    "recording.transcript": ("recording/test_transcript",),
    "redial": ("test_redial",),
    "redirect": ("test_redirect",),
    "rest": REST_TESTS,
    "rfc6455": ("test_rfc6455",),
    "router": ("test_router",),
    "secret": ("test_secret",),
    "session": (*SESSION_TESTS, "test_session_drift", "test_contract"),
    "shards": ("test_shards",),
    "slugs": ("test_slugs",),
    "texts": ("test_texts",),
    "timers": ("test_timers",),
    "upgrade": ("test_upgrade",),
    "websocket": ("test_websocket", "test_websocket_ends", "test_websocket_session"),
    "wishes": ("test_wishes", "test_session_topics"),
}
"""The test files of each module. What is not here has the file of its own name."""

SETUP = """\
[mutmut]
source_paths = kick_proto
only_mutate = {source}
also_copy =
    kick_io
    docs
    README.md
pytest_add_cli_args =
    -p
    no:cacheprovider
    -o
    timeout=120
pytest_add_cli_args_test_selection =
{tests}
timeout_multiplier = 1.0
timeout_constant = 3.0
use_git_change_detection = false
track_dependencies = false
"""

KILLED = frozenset({1, 3})
"""Exit codes of a mutant that a test told apart. Where its time was up, the machine may have been busy: tried again."""
AFRESH = """\
import resource, sys, pytest
resource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32))
sys.exit(pytest.main(sys.argv[1:]))
"""
"""What a process of its own runs: what spins may fill a list meanwhile, so it gets 4 GiB and no more."""
LISTED = re.compile(r"^\| `(kick_proto\.[\w.ǁ]+__mutmut_\d+)` \|", re.MULTILINE)


class Score(msgspec.Struct, frozen=True):
    """What became of a module's mutants. ``listed`` are the survivors that the page gives a reason for."""

    module: str
    killed: int
    survivors: tuple[str, ...]
    listed: int = 0

    @property
    def total(self) -> int:
        return self.killed + len(self.survivors)

    @property
    def percent(self) -> float:
        return 100 * self.killed / self.total if self.total else 100.0

    def __str__(self) -> str:
        left = f", {self.listed} of the {len(self.survivors)} left are listed" if self.survivors else ""
        return f"{self.module:12} {self.percent:5.1f} %  {self.killed} of {self.total} mutants killed{left}"


def lay_out(module: str) -> Path:
    """A copy of the tree in which only that module is to be mutated."""
    place = WORK / module
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for folder in ("kick_proto", "kick_io", "tests", "docs"):
        shutil.copytree(ROOT / folder, place / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / file, place / file)
    tests = "\n".join(f"    tests/{name}.py" for name in tests_of(module))
    (place / "setup.cfg").write_text(SETUP.format(source=source_of(module), tests=tests))
    return place


def source_of(module: str) -> str:
    """The files of a module: one, or all in the folder of that name."""
    path = f"kick_proto/{module.replace('.', '/')}"
    return f"{path}/*.py" if (ROOT / path).is_dir() else f"{path}.py"


def score_of(module: str, place: Path, page: str) -> Score:
    """Read what mutmut has written about each mutant, and try again what has survived."""
    listed = frozenset(LISTED.findall(page))
    codes: dict[str, int] = {}
    for meta in sorted((place / "mutants").rglob("*.meta")):
        codes |= msgspec.json.decode(meta.read_bytes())["exit_code_by_key"]
    left = [name for name, code in codes.items() if code not in KILLED]
    survivors = tuple(name for name in left if name in listed or survives_afresh(name, module, place))
    return Score(module, len(codes) - len(survivors), survivors, sum(name in listed for name in survivors))


def survives_afresh(name: str, module: str, place: Path) -> bool:
    """Whether all tests of the module pass with that mutant in a process that has loaded nothing before."""
    tests = [f"tests/{test}.py" for test in tests_of(module)]
    command = [sys.executable, "-c", AFRESH, "-x", "-q", "-p", "no:cacheprovider", "-o", "timeout=120", *tests]
    environment = {**os.environ, "HYPOTHESIS_PROFILE": "mutation", "MUTANT_UNDER_TEST": name}
    tried = subprocess.run(command, cwd=place / "mutants", env=environment, capture_output=True, check=False)
    return tried.returncode == 0


def tests_of(module: str) -> tuple[str, ...]:
    return TESTS.get(module, (f"test_{module}",))


def mutate(module: str) -> Score:
    """Try all mutants of a module, one at a time."""
    place = lay_out(module)
    environment = {**os.environ, "HYPOTHESIS_PROFILE": "mutation"}
    command = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", "1"]
    with (place / "log").open("wb") as log:
        ran = subprocess.run(command, cwd=place, env=environment, stdout=log, stderr=log, check=False)
    if ran.returncode != 0:
        raise SystemExit(f"mutmut could not try {module}: see {place / 'log'}")
    return score_of(module, place, PAGE.read_text("utf-8") if PAGE.exists() else "")


def main(modules: Sequence[str]) -> None:
    for module in modules or sorted(TESTS):
        score = mutate(module)
        sys.stdout.write("".join(f"{line}\n" for line in (score, *(f"    {name}" for name in score.survivors))))
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])

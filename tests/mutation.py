"""Mutation testing: ``uv run --group mutation python -m tests.mutation backoff bucket`` tells how good the tests are.

Each module is mutated in a copy of the tree (``build/mutation/MODULE``), by mutmut, and each mutant meets the tests
that touch the mutated function, out of the files that are about the module. What survives stays there for
``mutmut show NAME`` (run in that folder). A survivor is either killed by a new test or is listed, with the reason why
no test can tell it from the original, in ``docs/mutation.md``, where this reads it.

mutmut forks when all is imported, so a mutant of what runs while a module is loaded (a function that makes the rows of
a table) is never met in its runs. Hence a survivor is tried once more, in a process of its own and against all tests of
the module, before it counts as one. So is one that mutmut stopped because its time was up, before it counts as killed:
whether it spins or the machine was busy is told by a test that takes more than half a minute, or eats up its memory.
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
RECORDING_TESTS = ("recording/test_strategies", "recording/test_strategies_reach")
SIMULATION_TESTS = ("testing/test_seeds", "testing/test_simulation_engine", "testing/test_simulation_run")
SIMULATION_PARTS: Mapping[str, tuple[str, ...]] = {
    "actors": ("simulation_actors", "simulation_network", "simulation_deciding"),
    "deciding": ("simulation_deciding",),
    "dice": ("simulation_dice", "seeds"),
    "network": ("simulation_network", "simulation_deciding"),
    "stack": ("simulation_stack", "simulation_deciding"),
    "wire": ("simulation_wire", "simulation_network"),
}
"""What holds the parts of the simulation by themselves. Whole seeds hold them too, and take much longer."""
LAWS = ("ledger", "lifeline", "reckoning", "witness")
LAW_TESTS = tuple(f"testing/test_{name}" for name in (*LAWS, "witness_finds"))
"""What holds the laws of sessions by themselves. The bugs that are planted hold them too, and take much longer."""
HTTP_SIMULATION_TESTS = ("testing/test_simulation_http",)
HTTP_PARTS: Mapping[str, tuple[str, ...]] = {
    "account": ("test_simulation_http", "test_simulation_http_logins", "test_simulation_http_witness"),
    "callers": ("test_simulation_http", "test_simulation_http_callers"),
    "deciding": ("test_simulation_http", "test_simulation_http_deciding"),
    "dice": ("test_seeds", "test_simulation_http_dice"),
    "homecoming": ("test_simulation_http_homecoming",),
    "lines": ("test_simulation_http_limits", "test_simulation_http_lines"),
    "login": ("test_simulation_http", "test_simulation_http_logins", "test_simulation_http_witness"),
    "network": ("test_simulation_http", "test_simulation_http_deciding", "test_simulation_http_network"),
    "pacing": ("test_simulation_http_laws",),
    "proving": ("test_simulation_http", "test_simulation_http_laws"),
    "troubles": ("test_simulation_http_troubles",),
    "weighing": ("test_simulation_http_laws",),
    "witness": ("test_simulation_http_facts", "test_simulation_http_logins", "test_simulation_http_witness"),
}
"""Whole seeds are tried where tests of a part by itself do not suffice: they take much longer."""

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
    "testing": (
        *("testing/test_faults", "testing/test_links", "testing/test_personalities", "testing/test_server"),
        *(
            "testing/test_server_frames",
            "testing/test_server_laws",
            "testing/test_serving",
            "testing/test_serving_ends",
        ),
        *("testing/test_serving_words", "testing/test_site_framing", "testing/test_voice", "testing/test_world"),
        "testing/test_world_reading",
    ),
    "testing.pytest_plugin": ("testing/test_pytest_plugin",),
    "testing.simulation": SIMULATION_TESTS,
    **{f"testing.simulation.{name}": LAW_TESTS for name in LAWS},
    **{
        f"testing.simulation.{part}": tuple(f"testing/test_{name}" for name in names)
        for part, names in SIMULATION_PARTS.items()
    },
    "testing.simulation.http": HTTP_SIMULATION_TESTS,
    **{
        f"testing.simulation.http.{part}": tuple(f"testing/{test}" for test in tests)
        for part, tests in HTTP_PARTS.items()
    },
    "testing.site": (
        "testing/test_site",
        *(f"testing/test_site_{name}" for name in ("api", "chat", "framing", "oauth", "pages", "replies", "rewards")),
        "testing/test_site_trouble",
    ),
    "testing.strategies": tuple(f"testing/test_strategies{end}" for end in ("", "_play", "_reach")),
    "testing.strategies.damage": RECORDING_TESTS,
    "testing.strategies.recordings": RECORDING_TESTS,
    "testing.traffic": (
        *("testing/test_seeds", "testing/test_showcase", "testing/test_traffic"),
        *(f"testing/test_traffic_{name}" for name in ("chance", "people", "stamps", "stories", "sums", "values")),
    ),
    "texts": ("test_texts",),
    "timers": ("test_timers",),
    "upgrade": ("test_upgrade",),
    "websocket": ("test_websocket", "test_websocket_ends", "test_websocket_session"),
    "wishes": ("test_wishes", "test_session_topics"),
}
"""The test files of each module. What is not here has the file of its own name."""

AGAIN = "--again"
LEFT = "left.json"
"""The names of what a run has left, in the folder of its module."""

SETUP = """\
[mutmut]
source_paths = kick_proto
only_mutate =
{sources}
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
timeout_constant = 5.0
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
    write_setup(module, place)
    return place


def write_setup(module: str, place: Path) -> None:
    sources = "\n".join(f"    {file}" for file in sources_of(module))
    tests = "\n".join(f"    tests/{name}.py" for name in tests_of(module))
    (place / "setup.cfg").write_text(SETUP.format(sources=sources, tests=tests))


def sources_of(module: str) -> list[str]:
    """The files of a module: one, or all in the folder of that name but those that have a row of their own."""
    within = module.replace(".", "/")
    if not (ROOT / "kick_proto" / within).is_dir():
        return [f"kick_proto/{within}.py"]
    deeper = tuple(f"kick_proto/{row.replace('.', '/')}" for row in TESTS if row.startswith(f"{module}."))
    files = (file.relative_to(ROOT).as_posix() for file in sorted((ROOT / "kick_proto" / within).rglob("*.py")))
    return [file for file in files if not file.startswith(tuple(f"{row}{end}" for row in deeper for end in "/."))]


def score_of(module: str, place: Path, page: str) -> Score:
    """Read what mutmut has written about each mutant, and try again what has survived."""
    listed = frozenset(LISTED.findall(page))
    codes: dict[str, int] = {}
    for meta in sorted((place / "mutants").rglob("*.meta")):
        codes |= msgspec.json.decode(meta.read_bytes())["exit_code_by_key"]
    left = [name for name, code in codes.items() if code not in KILLED]
    survivors = tuple(name for name in left if name in listed or survives_afresh(name, module, place))
    (place / LEFT).write_bytes(msgspec.json.encode(survivors))
    return Score(module, len(codes) - len(survivors), survivors, sum(name in listed for name in survivors))


def survives_afresh(name: str, module: str, place: Path) -> bool:
    """Whether all tests of the module pass with that mutant in a process that has loaded nothing before."""
    tests = [f"tests/{test}.py" for test in tests_of(module)]
    command = [sys.executable, "-c", AFRESH, "-x", "-q", "-p", "no:cacheprovider", "-o", "timeout=30", *tests]
    environment = {**os.environ, "HYPOTHESIS_PROFILE": "mutation", "MUTANT_UNDER_TEST": name}
    tried = subprocess.run(command, cwd=place / "mutants", env=environment, capture_output=True, check=False)
    return tried.returncode == 0


def tests_of(module: str) -> tuple[str, ...]:
    return TESTS.get(module, (f"test_{module}",))


def mutate(module: str) -> Score:
    """Try all mutants of a module, one at a time."""
    return try_out(module, lay_out(module))


def mutate_again(module: str) -> Score:
    """Try those that the last run left, with the tests as they are now. What it killed stays killed."""
    place = WORK / module
    if not (place / LEFT).exists():
        raise SystemExit(f"{module} has no finished run in {place}: run it without {AGAIN} first")
    shutil.copytree(ROOT / "tests", place / "tests", ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    write_setup(module, place)
    (place / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)  # which test touches what
    return try_out(module, place, msgspec.json.decode((place / LEFT).read_bytes(), type=list[str]))


def try_out(module: str, place: Path, names: Sequence[str] = ()) -> Score:
    """Let mutmut try all mutants, or those of these names."""
    environment = {**os.environ, "HYPOTHESIS_PROFILE": "mutation"}
    command = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", "1", *names]
    with (place / "log").open("wb") as log:
        ran = subprocess.run(command, cwd=place, env=environment, stdout=log, stderr=log, check=False)
    if ran.returncode != 0:
        raise SystemExit(f"mutmut could not try {module}: see {place / 'log'}")
    return score_of(module, place, PAGE.read_text("utf-8") if PAGE.exists() else "")


def main(arguments: Sequence[str]) -> None:
    run = mutate_again if AGAIN in arguments else mutate
    for module in [each for each in arguments if each != AGAIN] or sorted(TESTS):
        score = run(module)
        sys.stdout.write("".join(f"{line}\n" for line in (score, *(f"    {name}" for name in score.survivors))))
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])

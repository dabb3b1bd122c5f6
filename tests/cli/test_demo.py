import json
import re
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import pytest

from kick_proto.decoders import ROWS
from tests.cli.processes import HOME, Running

DRIVERS = ("asyncio", "trio", "blocking")


@pytest.fixture(scope="module")
def demos() -> Iterator[Mapping[str, Running]]:
    """All of them at once, because most of what they do is to wait."""
    with ExitStack() as stack:
        # With this seed, the connection is lost as soon as it ever is.
        faulty = Running("demo", "--faults", "--json", "--rate", "200", "--seed", "3")
        running = {"faulty": stack.enter_context(faulty)}
        # As many acts as 20 seconds have at the rate that a demo has by itself, and some more.
        busy = Running("demo", "--seconds", "5", "--json", "--rate", "200", "--seed", "7")
        running["busy"] = stack.enter_context(busy)
        for driver in DRIVERS:
            demo = Running("demo", "--seconds", "3", "--json", "--rate", "200", "--seed", "7", "--driver", driver)
            running[driver] = stack.enter_context(demo)
        yield running


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_demo_is_lively_and_ends_by_itself(demos: Mapping[str, Running], driver: str) -> None:
    ended = demos[driver].end()
    types = Counter(json.loads(line)["type"] for line in ended.out.splitlines())
    assert ended.code == 0
    assert len(types) >= 8
    assert {"Up", "Confirmed", "ChatMessage", "MessageDeleted", "UserBanned", "StreamOnline"} <= set(types)
    assert types["Confirmed"] == 6
    summary, *news, story = ended.err.splitlines()
    assert "0 reconnects" in summary
    assert types["Undecodable"] <= 1
    # All that is new in a demo is what is meant to be.
    assert len(news) == (types["Unknown"] + types["Undecodable"] > 0)
    assert all(line.startswith("new on the wire: ") for line in news)
    assert story.startswith("logged in to the mock as demo ")


@pytest.mark.parametrize("driver", DRIVERS)
def test_what_a_demo_posts_through_the_api_arrives_on_the_socket(demos: Mapping[str, Running], driver: str) -> None:
    ended = demos[driver].end()
    told = re.fullmatch(
        r"logged in to the mock as demo by OAuth with PKCE, found channel 668:668 by its name, "
        r"and posted message ([0-9a-f-]{36}) through the API",
        ended.err.splitlines()[-1],
    )
    assert told is not None
    (posted,) = [event for line in ended.out.splitlines() if (event := json.loads(line)).get("id") == told[1]]
    assert (posted["type"], posted["author"]["username"]) == ("ChatMessage", "demo")
    assert posted["text"].startswith("Hello! ")
    assert not HOME.joinpath("tokens.db").exists()


def test_a_demo_shows_every_event_that_there_is(demos: Mapping[str, Running]) -> None:
    ended = demos["busy"].end()
    shown = {json.loads(line)["type"] for line in ended.out.splitlines()}
    assert {event.__name__ for row in ROWS for event in row.makes} | {"Unknown", "Undecodable"} <= shown


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
def test_faults_show_reconnects_and_what_cannot_be_read(demos: Mapping[str, Running]) -> None:
    demo = demos["faulty"]
    demo.event("Up")
    demo.event("Undecodable")
    down = demo.event("Down")
    assert down["reason"]
    assert demo.event("Up")["gap"] >= 0
    demo.event("ChatMessage")
    demo.interrupt(signal.SIGINT)
    ended = demo.end()
    assert ended.code == 0
    assert all(json.loads(line)["type"] for line in ended.out.splitlines())
    assert "reconnect" in ended.err

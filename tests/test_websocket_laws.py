"""The framing's tables, walked whole, and its laws, over any inputs in any order."""

import copy
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kick_proto.machine import Cancel, Close, Closed, Failed, Input, Open, Opened, Output, Received, Transmit
from kick_proto.websocket import ARMED, TRANSITIONS, Limits, Signal, State, Timer
from tests.framed import ANSWER, OPEN, OTHER, REACH, UNIX, Script, World, say, state_of
from tests.streams import broken_streams, closing, legal_streams, noise

GIVE: Mapping[Signal, Callable[[World[Script]], None]] = {
    Signal.OPENED: lambda world: world.hear(Opened(1)),
    Signal.UPGRADED: lambda world: world.read(ANSWER),
    Signal.CLOSE: lambda world: say(world, Close(1)),
    Signal.ENDED: lambda world: world.hear(Closed(1)),
}
AS_FRAMES = {(State.OPEN, Signal.UPGRADED), (State.CLOSING, Signal.UPGRADED)}
"""An answer to the upgrade is read as frames there, and illegal ones: that ends it."""


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("signal", Signal)
def test_every_signal_in_every_state_moves_as_the_table_says_or_not_at_all(state: State, signal: Signal) -> None:
    world = REACH[state]()
    assert state_of(world) is state
    GIVE[signal](world)
    seen = [*world.outputs(), *world.heard()]
    if (state, signal) in AS_FRAMES:
        assert state_of(world) is State.CLOSED
    elif (state, signal) in TRANSITIONS:
        assert state_of(world) is TRANSITIONS[state, signal]
    else:
        assert state_of(world) is state
        assert seen == []


def test_the_tables_are_whole() -> None:
    assert ARMED.keys() == set(State)
    assert {state for state, signal in TRANSITIONS if signal is Signal.ENDED} == set(State) - {State.CLOSED}
    assert State.CLOSED not in {state for state, _ in TRANSITIONS}


@pytest.mark.parametrize("state", State)
def test_the_timers_of_a_state_run_in_it_and_no_others(state: State) -> None:
    world = REACH[state]()
    seconds = {Timer.HANDSHAKE: 15.0, Timer.CLOSE: 3.0}
    assert world.framing.poll_timeout() == min((world.now + seconds[timer] for timer in ARMED[state]), default=None)


@pytest.mark.parametrize("state", State)
def test_a_timeout_before_its_time_changes_nothing(state: State) -> None:
    world = REACH[state]()
    at = world.framing.poll_timeout()
    world.framing.handle_timeout(world.now + 2.99)
    assert (world.outputs(), world.heard(), world.framing.poll_timeout()) == ([], [], at)
    assert state_of(world) is state


# Any inputs in any order

Step: TypeAlias = Input[bytes] | Output[Sequence[str]] | float
"""What the world does, what the wrapped machine says, or seconds that pass."""

refs = st.sampled_from([1, 2])
codes = st.sampled_from([1000, 1005, 1006, 4000]) | st.integers(0, 65535)
reads = st.one_of(
    st.just(ANSWER),
    st.builds(lambda stream: ANSWER + stream, broken_streams()),
    st.builds(lambda cut: ANSWER[:cut], st.integers(0, len(ANSWER))),
    legal_streams.map(b"".join),
    broken_streams(),
    st.builds(closing, st.sampled_from([1000, 4001, 4200])),
    noise,
)
done: st.SearchStrategy[Input[bytes]] = st.one_of(
    st.builds(Opened, refs),
    st.builds(Received, refs, reads, st.just(UNIX)),
    st.builds(Received, st.just(1), reads, st.just(UNIX)),
    st.builds(Failed, refs, st.text(max_size=5)),
    st.builds(Closed, refs, codes, st.text(max_size=5)),
)
wanted: st.SearchStrategy[Output[Sequence[str]]] = st.one_of(
    st.sampled_from([OPEN, OTHER]),
    st.builds(Transmit, refs, st.lists(st.text(max_size=5), max_size=3)),
    st.builds(Close, refs, codes, st.text(max_size=50)),
    st.builds(Cancel, refs),
)
PROLOGUE: tuple[Step, ...] = (OPEN, Opened(1), Received(1, ANSWER, UNIX), OTHER, Opened(2))
steps: st.SearchStrategy[list[Step]] = st.builds(
    lambda begun, more: [*PROLOGUE[:begun], *more],
    st.integers(0, len(PROLOGUE)),
    st.lists(st.one_of(done, wanted, st.floats(0, 16)), max_size=12),
)
LIMITS = Limits(message=200, fragments=3, header=400, informational=2)


def take(world: World[Script], step: Step) -> None:
    match step:
        case float():
            world.advance(step)
        case Open() | Transmit() | Close() | Cancel():
            say(world, step)
        case _:
            world.hear(step)


def play(world: World[Script], steps: Iterable[Step]) -> list[Any]:
    """The transcript: after each step the outputs, what the wrapped machine heard, and how the framing stands."""
    transcript: list[Any] = []
    for step in steps:
        take(world, step)
        transcript += [*world.outputs(), *world.heard(), world.stands()]
    return transcript


def fresh() -> World[Script]:
    return World(Script(), LIMITS, random.Random(7))


@settings(max_examples=200)
@given(steps)
def test_same_inputs_same_bytes_and_nothing_raises(steps: Sequence[Step]) -> None:
    assert play(fresh(), steps) == play(fresh(), steps)


@settings(max_examples=100)
@given(steps, st.integers(0, 17))
def test_a_deep_copy_goes_on_alike(steps: Sequence[Step], at: int) -> None:
    world = fresh()
    before = play(world, steps[:at])
    twin = copy.deepcopy(world)
    whole = play(fresh(), steps)
    assert before + play(twin, steps[at:]) == whole
    assert before + play(world, steps[at:]) == whole


@settings(max_examples=100)
@given(steps)
def test_an_early_timeout_leaves_no_trace(steps: Sequence[Step]) -> None:
    world = fresh()
    transcript = []
    for step in steps:
        at = world.framing.poll_timeout()
        if at is None or at > world.now:
            world.framing.handle_timeout(world.now)
            assert (world.outputs(), world.heard(), world.framing.poll_timeout()) == ([], [], at)
        transcript += play(world, [step])
    assert transcript == play(fresh(), steps)


# The contract of the machine interface: kept above, as long as the driver keeps it below

FACTS: Mapping[tuple[str, str], str] = {
    ("Opened", "asked"): "open",
    ("Received", "open"): "open",
    ("Received", "closing"): "closing",
    ("Failed", "asked"): "",
    ("Closed", "open"): "",
    ("Closed", "closing"): "",
}
"""What may be reported of a ref in each state, and its state from there on; "" is unknown."""
WISHES: Mapping[tuple[str, str], str] = {
    ("Open", ""): "asked",
    ("Close", "open"): "closing",
    ("Cancel", "asked"): "",
    ("Cancel", "open"): "",
    ("Cancel", "closing"): "",
}
"""What may be wished of it; for a wish without a row there is nothing to do."""


@settings(max_examples=200)
@given(steps)
def test_a_ref_lives_above_as_long_as_below_and_hears_what_the_contract_allows(steps: Sequence[Step]) -> None:
    """Each ``Open`` gets one ``Opened`` or ``Failed``, each ``Opened`` one ``Closed``; after a ``Close`` no text.

    Below likewise: nothing is sent where no stream is open, each stream is closed once, and none is forgotten. (To
    close one that has ended just now is allowed: what the other side no longer knows is dropped in silence.)
    """
    world = fresh()
    above: defaultdict[int, str] = defaultdict(str)
    below: defaultdict[int, str] = defaultdict(str)
    for step in steps:
        if isinstance(step, Opened | Received | Closed | Failed):
            if (next_below := FACTS.get((type(step).__name__, below[step.ref]))) is None:
                continue
            below[step.ref] = next_below
        elif isinstance(step, Open | Close | Cancel):
            if isinstance(step, Open) and step.ref in above:
                continue
            above[step.ref] = WISHES.get((type(step).__name__, above[step.ref]), above[step.ref])
        take(world, step)
        for told in world.heard():
            assert not (isinstance(told, Received) and above[told.ref] == "closing")
            above[told.ref] = FACTS[type(told).__name__, above[told.ref]]
        for output in world.outputs():
            match output:
                case Transmit(ref=ref):
                    assert below[ref] == "open"
                case Close(ref=ref):
                    assert below.pop(ref) in ("open", "")
                case Cancel(ref=ref):
                    assert below.pop(ref) == "asked"
                case Open(ref=ref):
                    below[ref] = "asked"
        assert {ref for ref in above if above[ref]} == {ref for ref in below if below[ref]}

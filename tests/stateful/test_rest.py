"""A client over HTTP against a model of what its hosts see: in order, no faster than allowed, no more often than helps.

The rules answer what the client has asked, in any order, or not at all. Each call ends once, and in time.
"""

import random

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kick_proto.backoff import Backoff
from kick_proto.endpoints.call import Auth, Call, Host
from kick_proto.http import Fetch, Request, Responded, Response, Unanswered
from kick_proto.machine import Cancel
from kick_proto.rest import MOST_REDIRECTS, Client, Config, Replied
from kick_proto.rest.states import LaneState
from kick_proto.rest.states import State as CallState
from kick_proto.secret import Secret
from kick_proto.testing.world import UNIX_EPOCH
from tests.stateful import LIFE

RETRIES, HOLD, TOTAL = 2, 60.0, 20.0
ROUNDING = 1e-6
CONFIG = Config(
    rate=2.0, burst=3.0, in_flight=2, backoff=Backoff(jitter="none", retries=RETRIES), hold=HOLD, max_queued=1_000
)
HOSTS = (Host.API, Host.SITE)
PAUSES = (0, 2, 7)


class Asked(msgspec.Struct):
    """One call, as those see it who answer."""

    ref: int
    number: int
    host: Host
    auth: Auth
    repeatable: bool
    at: float
    tries: int = 0
    began_at: float = 0.0
    may_be_tried: bool = True
    not_before: float = 0.0
    hops: int = 0


class ClientLife(RuleBasedStateMachine):
    """Whatever is asked of a client, and whatever it is answered."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 50.0
        self.client = Client(CONFIG, rng=random.Random(7))
        self.calls: dict[str, Asked] = {}
        self.open: dict[int, Asked] = {}
        self.fetches: dict[int, Asked] = {}
        self.begun: dict[Host, list[float]] = {host: [] for host in HOSTS}
        self.first_tries: dict[Host, list[int]] = {host: [] for host in HOSTS}
        self.limited_at = dict.fromkeys(HOSTS, 0.0)
        self.left_alone_until = dict.fromkeys(HOSTS, 0.0)
        self.token: str | None = None
        self.in_a_row = dict.fromkeys(HOSTS, 0)
        """How many times a host has asked to be left alone, and has not answered otherwise in between."""

    def look(self) -> None:
        """Take what the client wants and tells."""
        begun: list[Asked] = []
        while (output := self.client.poll_output()) is not None:
            if isinstance(output, Cancel):
                # What it has given up may have been done all the same.
                call = self.fetches.pop(output.ref)
                call.may_be_tried &= call.repeatable
            else:
                begun.append(self.on_fetch(output))
        self.check_turns(begun)
        for event in self.client.take_events():
            # Nobody is told of what was abandoned, or has ended.
            call = self.open.pop(event.ref)
            call.may_be_tried = False
            assert not isinstance(event, Replied) or event.value == call.number

    def check_turns(self, begun: list[Asked]) -> None:
        """Those that wait for their turn have it in the order in which they were submitted, however often it is."""
        for host in HOSTS:
            numbers = [call.number for call in begun if call.host is host]
            assert numbers == sorted(numbers)
            states = self.client.states
            queue = [call.number for call in self.open.values() if states.get(call.ref) is CallState.QUEUED]
            queue = [number for number in queue if self.calls[f"{number}"].host is host]
            assert not numbers or not queue or numbers[-1] < min(queue)

    def on_fetch(self, fetch: Fetch) -> Asked:
        call = self.calls[fetch.request.address.rpartition("/")[2]]
        call.tries, call.began_at = call.tries + 1, self.now
        assert call.may_be_tried
        assert call.tries - call.hops <= 1 + RETRIES
        assert self.now >= call.not_before - ROUNDING
        assert self.now >= self.left_alone_until[call.host] - ROUNDING
        assert self.bearer(fetch.request) == (None if call.auth is Auth.NONE else self.token)
        if call.tries == 1:
            self.first_tries[call.host].append(call.number)
        self.begun[call.host].append(self.now)
        self.fetches[fetch.ref] = call
        return call

    def bearer(self, request: Request) -> str | None:
        header = dict(request.header_lines()).get("authorization")
        return None if header is None else header.removeprefix("Bearer ")

    # What the application does

    @rule(
        host=st.sampled_from(HOSTS),
        auth=st.sampled_from([Auth.NONE, Auth.OPTIONAL, Auth.NEEDED]),
        repeatable=st.booleans(),
        count=st.integers(1, 4),
    )
    def submit(self, host: Host, auth: Auth, repeatable: bool, count: int) -> None:
        for _ in range(count):
            number = len(self.calls)
            call = Asked(0, number, host, auth, repeatable, self.now)
            self.calls[f"{number}"] = call
            call.ref = self.client.submit(
                self.now,
                Call(
                    host=host,
                    method="GET",
                    path=f"/{number}",
                    parse=lambda response: int(response.body),
                    auth=auth,
                    repeatable=repeatable,
                    redirects=True,
                ),
            )
            self.open[call.ref] = call
            self.look()

    @rule(data=st.data())
    def abandon(self, data: st.DataObject) -> None:
        if self.open:
            ref = data.draw(st.sampled_from([*self.open]))
            self.open.pop(ref).may_be_tried = False
            self.client.abandon(self.now, ref)
            self.look()

    @rule(number=st.none() | st.integers(1, 3))
    def set_token(self, number: int | None) -> None:
        self.token = None if number is None else f"token-{number}"
        self.client.set_token(self.now, None if self.token is None else Secret(self.token))
        self.look()
        if number is None:
            needing = [call for call in self.open.values() if call.auth is Auth.NEEDED]
            assert all(call in self.fetches.values() for call in needing)

    # What the hosts do

    def answer(self, place: int, response: Response) -> Asked:
        ref = [*self.fetches][place % len(self.fetches)]
        call = self.fetches.pop(ref)
        if response.status != 429 and call.began_at >= self.limited_at[call.host]:
            self.in_a_row[call.host] = 0
        self.client.handle_input(self.now, Responded(ref, response, UNIX_EPOCH + self.now))
        return call

    @precondition(lambda self: self.fetches)
    @rule(place=st.integers(0, 3))
    def succeed(self, place: int) -> None:
        call = self.fetches[[*self.fetches][place % len(self.fetches)]]
        self.answer(place, Response(200, (), b"%d" % call.number))
        self.look()
        assert call.ref not in self.open

    @precondition(lambda self: self.fetches)
    @rule(
        place=st.integers(0, 3), response=st.sampled_from([Response(404), Response(403), Response(401), Response(200)])
    )
    def refuse(self, place: int, response: Response) -> None:
        """What is said is final: to ask again would change nothing."""
        call = self.answer(place, response)
        call.may_be_tried = False
        self.look()
        assert call.ref not in self.open

    @precondition(lambda self: self.fetches)
    @rule(
        place=st.integers(0, 3),
        status=st.sampled_from([500, 502, 503]),
        seconds=st.none() | st.sampled_from([7, 30]),
        waited=st.sampled_from([0.0, 2.0, 7.0]),
    )
    def break_down(self, place: int, status: int, seconds: int | None, waited: float) -> None:
        """It is asked again after a while, and not before it has said that it may be."""
        headers = () if seconds is None else (("retry-after", str(seconds)),)
        call = self.answer(place, Response(status, headers))
        call.may_be_tried = call.repeatable
        call.not_before = self.now + (seconds or 0)
        self.look()
        self.wait(waited)

    @precondition(lambda self: self.fetches)
    @rule(place=st.integers(0, 3), count=st.integers(1, 6))
    def redirect(self, place: int, count: int) -> None:
        """It is followed a few times, as a try of its own; then it is no answer."""
        call = self.fetches[[*self.fetches][place % len(self.fetches)]]
        for _ in range(count):
            mine = [number for number, each in enumerate(self.fetches.values()) if each is call]
            if mine:
                call.hops += 1
                call.may_be_tried = call.hops <= MOST_REDIRECTS
                self.answer(mine[0], Response(302, (("location", f"/elsewhere/{call.hops}/{call.number}"),)))
                self.look()
            self.wait(2.0)

    @precondition(lambda self: self.fetches)
    @rule(place=st.integers(0, 3), sent=st.booleans())
    def cut(self, place: int, sent: bool) -> None:
        """What has left may have been done, and is asked again only where that does no harm."""
        ref = [*self.fetches][place % len(self.fetches)]
        call = self.fetches.pop(ref)
        self.client.handle_input(self.now, Unanswered(ref, "cut", sent))
        call.may_be_tried = call.repeatable or not sent
        self.look()

    @precondition(lambda self: self.fetches)
    @rule(place=st.integers(0, 3), seconds=st.none() | st.sampled_from(PAUSES))
    def rate_limit(self, place: int, seconds: int | None) -> None:
        """The host is left alone for as long as it says, first; what had left before it said so tells nothing new."""
        self.note_limit(self.fetches[[*self.fetches][place % len(self.fetches)]], seconds)
        headers = () if seconds is None else (("retry-after", str(seconds)),)
        self.answer(place, Response(429, headers))
        self.look()

    @precondition(lambda self: self.fetches)
    @rule(seconds=st.none() | st.sampled_from(PAUSES), is_over=st.booleans())
    def limit_all(self, seconds: int | None, is_over: bool) -> None:
        """All that is in flight together, one after the other; perhaps the pause is over before the last of them."""
        for _ in range(len(self.fetches)):
            self.rate_limit(0, seconds)
            if is_over:
                self.wait(2.0)
            if not self.fetches:
                return

    def note_limit(self, call: Asked, seconds: float | None) -> None:
        """Each that names no time doubles the pause."""
        host = call.host
        if call.began_at < self.limited_at[host]:
            return
        self.in_a_row[host] += 1
        pause = (
            min(CONFIG.longest_pause, CONFIG.pause * 2.0 ** (self.in_a_row[host] - 1)) if seconds is None else seconds
        )
        self.limited_at[host] = self.now
        self.left_alone_until[host] = max(self.left_alone_until[host], self.now + pause)

    @precondition(lambda self: self.fetches)
    @rule(place=st.integers(0, 3), status=st.sampled_from([429, 503]))
    def never_recover(self, place: int, status: int) -> None:
        """One call that is answered so again and again ends after its last try; until then it keeps its turn."""
        call = self.fetches[[*self.fetches][place % len(self.fetches)]]
        for _ in range(2 * (1 + RETRIES)):
            mine = [number for number, each in enumerate(self.fetches.values()) if each is call]
            if mine:
                if status == 429:
                    self.note_limit(call, None)
                self.answer(mine[0], Response(status))
                call.may_be_tried = call.repeatable or status == 429
                self.look()
            else:
                self.wait(2.0)
        assert call.ref not in self.open or call.tries - call.hops < 1 + RETRIES or call in self.fetches.values()

    @rule(ref=st.integers(0, 500))
    def answer_nobody(self, ref: int) -> None:
        """An answer that nobody waits for changes nothing."""
        if ref not in self.fetches:
            before = self.client.poll_timeout()
            self.client.handle_input(self.now, Responded(ref, Response(200, (), b"0"), UNIX_EPOCH))
            assert self.client.poll_output() is None
            assert (self.client.take_events(), self.client.poll_timeout()) == ([], before)

    @rule(seconds=st.sampled_from([0.0, 0.1, 0.5, 2.0, 19.0, 61.0]))
    def wait(self, seconds: float) -> None:
        until = self.now + seconds
        while (at := self.client.poll_timeout()) is not None and at <= until:
            self.now = max(self.now, at)
            self.client.handle_timeout(self.now)
            self.look()
        self.now = until

    # What holds always

    @invariant()
    def no_more_are_open_than_may_be(self) -> None:
        for host in HOSTS:
            assert sum(call.host is host for call in self.fetches.values()) <= CONFIG.in_flight

    @invariant()
    def no_window_of_time_holds_more_than_its_tokens(self) -> None:
        for begun in self.begun.values():
            for first, start in enumerate(begun):
                assert len(begun) - first <= CONFIG.burst + CONFIG.rate * (begun[-1] - start) + ROUNDING

    @invariant()
    def calls_have_their_turns_in_order(self) -> None:
        assert all(numbers == sorted(numbers) for numbers in self.first_tries.values())

    @invariant()
    def each_call_ends_in_time(self) -> None:
        assert all(self.now - call.at <= HOLD + TOTAL for call in self.open.values())

    @invariant()
    def no_turn_is_late(self) -> None:
        """A call whose turn it is waits for a token or for the end of a pause, and for nothing else."""
        for host in HOSTS:
            flying = sum(call.host is host for call in self.fetches.values())
            if self.client.lanes[host] is not LaneState.IDLE and flying < CONFIG.in_flight:
                at = self.client.poll_timeout()
                assert at is not None
                assert at <= max(self.now + 1.0 / CONFIG.rate, self.left_alone_until[host]) + ROUNDING

    @invariant()
    def nothing_is_waited_for_without_a_timer(self) -> None:
        assert (self.client.poll_timeout() is None) == (not self.open)

    def teardown(self) -> None:
        """The end ends every call, once."""
        self.client.close(self.now)
        self.look()
        assert self.open == {}
        assert self.fetches == {}
        assert self.client.poll_timeout() is None


TestClientLife = ClientLife.TestCase
TestClientLife.settings = LIFE

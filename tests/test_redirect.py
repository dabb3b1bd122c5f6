"""The server that waits for a login's redirect: transcripts, hostile bytes, and the laws of every machine."""

from typing import Any

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kick_proto import redirect
from kick_proto.errors import LocalProtocolError
from kick_proto.machine import Cancel, Close, Closed, Failed, Opened, Received, Transmit
from kick_proto.redirect import Arrived, Limits, Listener, State, Target, TimedOut, Timer, is_answer, parse_target
from tests.contract import LAWS, Due, Hear, Law, Play, Script, Step, Subject, Take, Tell, Wait, armed, obey

TARGET = Target("localhost", 38080, "/callback")
QUERY = "code=abc&state=xyz"


def get(target: str = f"/callback?{QUERY}", host: str = "localhost:38080", *lines: str) -> bytes:
    head = "".join(f"{line}\r\n" for line in (f"GET {target} HTTP/1.1", f"Host: {host}", *lines))
    return f"{head}\r\n".encode("latin-1")


class Visit:
    """A listener that waits, one clock, and the browsers that come."""

    def __init__(self, **limits: float) -> None:
        self.now = 100.0
        self.machine = Listener(TARGET, Limits(**limits))  # type: ignore[arg-type]
        self.machine.listen(self.now)

    def open(self, ref: int) -> None:
        self.machine.handle_input(self.now, Opened(ref))

    def say(self, ref: int, data: bytes) -> None:
        self.machine.handle_input(self.now, Received(ref, data, 0.0))

    def ask(self, ref: int, data: bytes) -> None:
        self.open(ref)
        self.say(ref, data)

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.machine.handle_timeout(self.now)

    def outputs(self) -> list[Any]:
        return list(iter(self.machine.poll_output, None))

    def answer(self, ref: int) -> tuple[int, dict[str, str], str]:
        """The one answer that was given, read by a browser's eyes; the connection ends with it."""
        sent, end = (each for each in self.outputs() if each.ref == ref)
        assert isinstance(sent, Transmit)
        assert end == Close(ref)
        return read(sent.data)


def read(answer: bytes, method: str = "GET") -> tuple[int, dict[str, str], str]:
    browser = h11.Connection(h11.CLIENT)
    browser.send(h11.Request(method=method, target="/", headers=[("host", "x")]))
    browser.send(h11.EndOfMessage())
    browser.receive_data(answer)
    browser.receive_data(b"")
    head = browser.next_event()
    assert isinstance(head, h11.Response)
    body = bytearray()
    while not isinstance(event := browser.next_event(), h11.EndOfMessage):
        assert isinstance(event, h11.Data)
        body += event.data
    return head.status_code, {name.decode(): value.decode() for name, value in head.headers}, body.decode()


# The way it should go


def test_the_redirect_arrives_and_the_page_follows_when_the_login_is_known() -> None:
    visit = Visit()
    visit.ask(1, get())
    assert visit.machine.take_events() == [Arrived(QUERY)]
    assert visit.outputs() == []
    visit.pass_time(5)
    visit.machine.finish(visit.now, "You are <b>Ada & co</b>.", ok=True)
    status, headers, page = visit.answer(1)
    assert status == 200
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"].startswith("default-src 'none';")
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["connection"] == "close"
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert "You are &lt;b&gt;Ada &amp; co&lt;/b&gt;." in page
    assert "<script" not in page
    assert visit.machine.closed
    assert visit.machine.poll_timeout() is None


def test_a_login_that_failed_says_so() -> None:
    visit = Visit()
    visit.ask(1, get("/callback?error=access_denied&state=xyz"))
    assert visit.machine.take_events() == [Arrived("error=access_denied&state=xyz")]
    visit.machine.finish(visit.now, "\ud800 denied" + "x" * 5000, ok=False)
    status, _, page = visit.answer(1)
    assert status == 400
    assert "<h1>Not logged in</h1><p>? denied" in page
    assert len(page) < 1_300


def test_the_request_may_come_in_pieces_and_the_favicon_first() -> None:
    visit = Visit()
    visit.ask(1, get("/favicon.ico"))
    assert visit.answer(1)[0] == 404
    visit.open(2)
    for byte in get():
        assert visit.machine.take_events() == []
        visit.say(2, bytes([byte]))
    assert visit.machine.take_events() == [Arrived(QUERY)]


@pytest.mark.parametrize("host", ["localhost:38080", "LOCALHOST:38080", "127.0.0.1:38080", "[::1]:38080"])
def test_every_name_of_this_machine_will_do(host: str) -> None:
    visit = Visit()
    visit.ask(1, get(host=host))
    assert visit.machine.take_events() == [Arrived(QUERY)]


def test_port_80_need_not_be_named() -> None:
    machine = Listener(Target("localhost", 80, "/"))
    machine.listen(0.0)
    machine.handle_input(0.0, Opened(1))
    machine.handle_input(0.0, Received(1, get("/?code=a", "localhost"), 0.0))
    assert machine.take_events() == [Arrived("code=a")]


def test_what_arrived_is_not_seen_in_a_log() -> None:
    assert repr(Arrived(QUERY)) == "Arrived(18 characters)"
    assert Arrived(QUERY).__rich_repr__() == [("length", 18)]


# What is refused, and changes nothing


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(get(host="kick.example:38080"), 400, id="rebinding"),
        pytest.param(get(host="localhost:38081"), 400, id="another port"),
        pytest.param(get(host="localhost"), 400, id="no port"),
        pytest.param(get(host="localhost.kick.example:38080"), 400, id="a name that begins alike"),
        pytest.param(f"GET /callback?{QUERY} HTTP/1.0\r\n\r\n".encode(), 400, id="no host"),
        pytest.param(f"GET /callback?{QUERY} HTTP/1.1\r\n\r\n".encode(), 400, id="no host in 1.1"),
        pytest.param(get(f"/callback?{QUERY}", "localhost:38080", "Host: evil.example"), 400, id="two hosts"),
        pytest.param(get("/callback"), 400, id="no query"),
        pytest.param(get("/callback?"), 400, id="an empty query"),
        pytest.param(get("/callback?state=xyz"), 400, id="neither code nor error"),
        pytest.param(get("/callback?" + "a&" * 200 + "code=1"), 400, id="too many fields"),
        pytest.param(get("/"), 404, id="root"),
        pytest.param(get(f"/callback/?{QUERY}"), 404, id="a slash more"),
        pytest.param(get(f"/CALLBACK?{QUERY}"), 404, id="another case"),
        pytest.param(get(f"http://localhost:38080/callback?{QUERY}"), 404, id="a proxy's request"),
        pytest.param(get().replace(b"GET", b"POST"), 405, id="POST"),
        pytest.param(get().replace(b"GET", b"OPTIONS"), 405, id="OPTIONS"),
        pytest.param(get(f"/callback?{QUERY}", "localhost:38080", "Sec-Fetch-Mode: no-cors"), 403, id="an image"),
        pytest.param(get(f"/callback?{QUERY}", "localhost:38080", "Sec-Fetch-Dest: iframe"), 403, id="a frame"),
        pytest.param(b"hello\r\n\r\n", 400, id="no HTTP"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, id="TLS"),
        pytest.param(get().replace(b"code=", b"code=\xe9"), 400, id="a byte that no URL has"),
        pytest.param(get("/callback?code=" + "a" * 20_000), 431, id="too large"),
    ],
)
def test_what_is_refused_leaves_the_login_as_it_was(request_: bytes, status: int) -> None:
    visit = Visit()
    visit.ask(1, request_)
    answered, headers, page = visit.answer(1)
    assert answered == status
    assert headers["connection"] == "close"
    assert QUERY not in page
    assert visit.machine.take_events() == []
    assert visit.machine.state is State.WAITING
    visit.ask(2, get())
    assert visit.machine.take_events() == [Arrived(QUERY)]


def test_a_405_names_the_method() -> None:
    visit = Visit()
    visit.ask(1, get().replace(b"GET", b"PUT"))
    assert visit.answer(1)[1]["allow"] == "GET"


def test_a_head_is_answered_without_a_body() -> None:
    visit = Visit()
    visit.ask(1, get().replace(b"GET", b"HEAD"))
    sent = visit.outputs()[0].data
    assert read(sent, "HEAD")[0] == 405
    assert sent.endswith(b"\r\n\r\n")


def test_a_navigation_of_a_person_is_let_through() -> None:
    visit = Visit()
    visit.ask(1, get(f"/callback?{QUERY}", "localhost:38080", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"))
    assert visit.machine.take_events() == [Arrived(QUERY)]


def test_a_header_that_never_ends_is_cut() -> None:
    visit = Visit()
    visit.open(1)
    for _ in range(17):
        visit.say(1, b"x" * 1024)
    assert visit.answer(1)[0] == 431


def sized(size: int) -> bytes:
    """A redirect whose request has that many bytes."""
    return get(f"/callback?{QUERY}", "localhost:38080", "X: " + "x" * (size - len(get()) - 5))


@pytest.mark.parametrize("limit", [1_000, 16_384, 65_536])
def test_a_request_may_be_as_large_as_the_limit_and_no_larger_however_it_comes(limit: int) -> None:
    for piece in (limit + 1, 2 * limit // 3, 100):
        for size, answered in ((limit, []), (limit + 1, [431])):
            visit = Visit(header=limit)
            visit.open(1)
            for start in range(0, size, piece):
                visit.say(1, sized(size)[start : start + piece])
            assert [read(each.data)[0] for each in visit.outputs() if isinstance(each, Transmit)] == answered
            assert visit.machine.take_events() == ([] if answered else [Arrived(QUERY)])


def test_only_one_redirect_is_taken() -> None:
    visit = Visit()
    visit.ask(1, get())
    visit.ask(2, get("/callback?code=other&state=other"))
    assert visit.answer(2)[0] == 409
    assert visit.machine.take_events() == [Arrived(QUERY)]
    visit.say(1, get())
    visit.say(1, b"x" * 20_000)
    assert visit.outputs() == []
    visit.machine.finish(visit.now, "Done.", ok=True)
    assert visit.answer(1)[0] == 200


# Limits


def test_a_silent_connection_is_ended() -> None:
    visit = Visit(request=10.0)
    visit.open(1)
    visit.say(1, b"GET /callb")
    visit.pass_time(9.9)
    assert visit.outputs() == []
    visit.pass_time(0.1)
    assert visit.outputs() == [Cancel(1)]


def test_the_one_that_waits_for_its_page_is_not_silent() -> None:
    visit = Visit(request=10.0, page=60.0)
    visit.ask(1, get())
    visit.pass_time(59)
    assert visit.outputs() == []


def test_too_many_connections_push_out_the_oldest_but_not_the_one_that_waits() -> None:
    visit = Visit(connections=2)
    visit.ask(1, get())
    visit.open(2)
    visit.open(3)
    assert visit.outputs() == [Cancel(2)]
    visit.machine.finish(visit.now, "Done.", ok=True)
    assert [type(each) for each in visit.outputs()] == [Transmit, Close, Cancel]


def test_where_only_the_one_that_waits_has_room_a_second_one_has_none() -> None:
    visit = Visit(connections=1)
    visit.ask(1, get())
    visit.ask(2, get())
    assert visit.outputs() == [Cancel(2)]


def test_a_login_that_nobody_finishes_times_out() -> None:
    visit = Visit(login=600.0)
    visit.pass_time(595)
    visit.open(1)
    visit.pass_time(5)
    assert visit.machine.take_events() == [TimedOut(600.0)]
    assert visit.outputs() == [Cancel(1)]
    assert visit.machine.closed


def test_an_application_that_never_finishes_leaves_a_page_all_the_same() -> None:
    visit = Visit(page=60.0)
    visit.ask(1, get())
    visit.pass_time(60)
    assert visit.answer(1)[0] == 504
    assert visit.machine.take_events() == [Arrived(QUERY)]
    assert visit.machine.closed
    visit.machine.finish(visit.now, "Too late.", ok=True)
    assert visit.outputs() == []


def test_a_browser_that_has_gone_is_shown_nothing() -> None:
    visit = Visit()
    visit.ask(1, get())
    visit.machine.handle_input(visit.now, Closed(1))
    visit.machine.finish(visit.now, "Done.", ok=True)
    assert visit.outputs() == []
    assert visit.machine.closed


# Commands


def test_commands_that_are_not_possible_say_what_is() -> None:
    machine = Listener(TARGET)
    with pytest.raises(LocalProtocolError, match=r"finish is not possible while idle; possible: listen, close"):
        machine.finish(0.0, "x", ok=True)
    machine.listen(0.0)
    with pytest.raises(LocalProtocolError, match=r"listen is not possible while waiting; possible: close"):
        machine.listen(0.0)
    machine.close(0.0)
    machine.close(0.0)
    assert machine.closed


def test_before_it_listens_nobody_is_served() -> None:
    machine = Listener(TARGET)
    machine.handle_input(0.0, Opened(1))
    machine.handle_input(0.0, Received(1, get(), 0.0))
    assert (machine.poll_output(), machine.poll_event()) == (None, None)


@pytest.mark.parametrize("name", Limits.__struct_fields__)
def test_a_limit_is_above_0(name: str) -> None:
    with pytest.raises(ValueError, match=f"the {name} limit must be above 0"):
        Limits(**{name: 0})


@pytest.mark.parametrize(
    ("uri", "target"),
    [
        ("http://localhost:38080/callback", TARGET),
        ("http://LOCALHOST:3000", Target("localhost", 3000, "/")),
        ("http://127.0.0.1/", Target("127.0.0.1", 80, "/")),
        ("http://[::1]:7472/api/v1/auth", Target("::1", 7472, "/api/v1/auth")),
    ],
)
def test_a_redirect_uri_is_read(uri: str, target: Target) -> None:
    assert parse_target(uri) == target


PASTE = "log in with --paste, and paste the address that the browser ends up at"
HTTPS = (
    "the redirect URI begins with https://, and only http:// can be answered on this machine: "
    "register one with http://, or log in with --paste"
)
MORE = "the redirect URI must be http://, a host, a port and a path, and nothing else"


def elsewhere(host: str | None) -> str:
    return f"the redirect URI leads to {host}, not to this machine (localhost, 127.0.0.1, ::1): {PASTE}"


@pytest.mark.parametrize(
    ("uri", "sentence"),
    [
        ("https://bot.example/callback", elsewhere("bot.example")),
        ("http://0.0.0.0:80/", elsewhere("0.0.0.0")),
        ("http://localhost.bot.example/", elsewhere("localhost.bot.example")),
        ("callback", elsewhere(None)),
        ("https://localhost:38080/callback", HTTPS),
        ("http://localhost:99999/", "the redirect URI is no URL: Port out of range 0-65535"),
        ("http://[::1/", "the redirect URI is no URL: Invalid IPv6 URL"),
        ("http://localhost:0/", MORE),
        ("http://a@localhost:1/", MORE),
        ("http://localhost:1/#a", MORE),
        ("http://localhost:1/?a=b", MORE),
        ("http://localhost:1/a b", MORE),
    ],
)
def test_a_redirect_uri_that_cannot_be_served_is_refused(uri: str, sentence: str) -> None:
    with pytest.raises(LocalProtocolError) as raised:
        parse_target(uri)
    assert str(raised.value) == sentence


def test_what_a_login_ends_with() -> None:
    assert all(map(is_answer, ["code=1", "state=a&code=1", "error=x", "?code=1"[1:]]))
    assert not any(map(is_answer, ["", "state=a", "code", "code=", "xcode=1", "a=code", "&" * 500 + "code=1"]))


def test_of_an_answer_with_more_than_100_fields_nothing_is_read() -> None:
    assert is_answer("a=b&" * 99 + "code=1")
    assert not is_answer("a=b&" * 100 + "code=1")


# The laws

REQUESTS = [get(), get("/favicon.ico"), get(host="evil.example"), get("/callback?error=x"), get()[:20], get()[20:]]
refs = st.integers(1, 3)
tokens = st.sampled_from(
    ["GET", "POST", " ", "/callback", "?code=1", "HTTP/1.1", "\r\n", "Host: localhost:38080", ": "]
)
hostile = st.sampled_from(REQUESTS) | st.binary(max_size=30) | st.lists(tokens).map("".join).map(str.encode)
happenings = st.builds(
    Hear,
    st.builds(Opened, refs)
    | st.builds(Received, refs, hostile, st.floats(0, 4e9))
    | st.builds(Received, refs, hostile, st.floats(0, 4e9))
    | st.builds(Closed, refs)
    | st.builds(Failed, refs, st.text(max_size=3)),
)
tells = st.sampled_from(
    [Tell("listen"), Tell("close"), Tell("finish", ("Done.", True)), Tell("finish", ("\ud800", False))]
)
passing: st.SearchStrategy[Step] = (
    st.just(Due()) | st.builds(Wait, st.sampled_from([0.0, 1.0, 10.0, 90.0, 600.0])) | st.builds(Take, st.booleans())
)
WAITING: list[Step] = [Tell("listen")]
OPENED: list[Step] = [*WAITING, Hear(Opened(1)), Hear(Opened(2))]
ANSWERING: list[Step] = [*OPENED, Hear(Received(1, get(), 0.0))]


def tell(machine: Listener, now: float, told: Tell) -> None:
    if told.command == "finish":
        sentence, ok = told.arguments
        machine.finish(now, sentence, ok=ok)
    else:
        obey(machine, now, told)


SUBJECT = Subject(
    lambda: Listener(TARGET, Limits(connections=2)),
    st.builds(
        lambda first, then: [*first, *then],
        st.sampled_from([[], WAITING, OPENED, ANSWERING]),
        st.lists(st.one_of(passing, happenings, happenings, tells), max_size=15),
    ),
    tell=tell,
    see_timers=armed(redirect.ARMED),
)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@settings(max_examples=70)
@given(data=st.data())
def test_it_obeys_every_law(law: Law, data: st.DataObject) -> None:
    script: Script = data.draw(SUBJECT.scripts)
    law(SUBJECT, script, data.draw(st.integers(0, len(script))))


def test_the_beginnings_of_the_scripts_lead_where_they_should() -> None:
    play = Play(SUBJECT)
    play.go(ANSWERING)
    assert play.machine.state is State.ANSWERING
    assert play.machine.timers == {Timer.PAGE, Timer.REQUEST}


@given(st.lists(hostile, max_size=6), st.data())
def test_each_connection_is_answered_at_most_once_and_the_redirect_comes_at_most_once(
    reads: list[bytes], data: st.DataObject
) -> None:
    visit = Visit()
    visit.open(1)
    visit.open(2)
    for each in reads:
        visit.say(data.draw(st.integers(1, 2)), each)
    arrived = visit.machine.take_events()
    assert len(arrived) <= 1
    outputs = visit.outputs()
    for ref in (1, 2):
        own = [each for each in outputs if each.ref == ref]
        assert [type(each) for each in own] in ([], [Transmit, Close])
        if own:
            read(own[0].data, "HEAD" if not own[0].data.endswith(b"</html>\n") else "GET")


@given(st.binary(max_size=200), st.data())
def test_how_the_bytes_are_cut_makes_no_difference(tail: bytes, data: st.DataObject) -> None:
    stream = data.draw(st.sampled_from(REQUESTS)) + tail
    end = len(stream) if b"\r\n\r\n" not in stream else stream.index(b"\r\n\r\n") + 4
    whole, cut = Visit(), Visit()
    whole.ask(1, stream[:end])
    cut.open(1)
    for number in range(end):
        cut.say(1, stream[number : number + 1])
    assert whole.machine.take_events() == cut.machine.take_events()
    assert whole.machine.state is cut.machine.state


TRANSITION_PAIRS = [(state, signal) for state in State for signal in redirect.Signal]


@pytest.mark.parametrize(("state", "signal"), TRANSITION_PAIRS)
def test_every_command_is_possible_where_the_table_says_so_and_nowhere_else(
    state: State, signal: redirect.Signal
) -> None:
    commands = {redirect.Signal.LISTEN: "listen", redirect.Signal.FINISH: "finish", redirect.Signal.CLOSE: "close"}
    ways: dict[State, list[Step]] = {
        State.IDLE: [],
        State.WAITING: WAITING,
        State.ANSWERING: ANSWERING,
        State.CLOSED: [*WAITING, Tell("close")],
    }
    play = Play(SUBJECT)
    play.go(ways[state])
    assert play.machine.state is state
    if signal not in commands:
        return
    seen = play.take(Tell(commands[signal], ("Done.", True) if signal is redirect.Signal.FINISH else ()))
    expected = redirect.TRANSITIONS.get((state, signal))
    assert play.machine.state is (state if expected is None else expected)
    assert any(each[0] == "illegal" for each in seen) is (expected is None)

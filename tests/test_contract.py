"""Every machine is held to the laws of ``contract``: over texts and over bytes, the client's side and the server's."""

import json
import random
from base64 import b64encode
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wsproto.utilities import generate_accept_token

from kick_proto import pusher, rest, session
from kick_proto.backoff import Backoff
from kick_proto.drift import Drift
from kick_proto.endpoints.call import Auth, Call, Host, Instead
from kick_proto.frames import PING, PONG, Frame, encode_frame, encode_subscribe, encode_unsubscribe
from kick_proto.http import Responded, Response, Unanswered
from kick_proto.ids import TopicKind, topic_of, topics_of
from kick_proto.machine import Closed, Failed, Opened, Received
from kick_proto.merge import Merge
from kick_proto.outcomes import Outcome
from kick_proto.pusher import KICK_APP_KEY
from kick_proto.rest.states import ARMED as CALL_ARMED
from kick_proto.rest.states import LANE_ARMED
from kick_proto.rest.states import State as CallState
from kick_proto.secret import Secret
from kick_proto.session import Config, Session, SessionEvent
from kick_proto.testing.faults import CHAOS, MALFORMED, NO_FAULTS, Faults
from kick_proto.testing.server import Accepted, KickServer
from kick_proto.testing.server_frames import encode_close, encode_fragments, encode_pong, encode_texts
from kick_proto.testing.world import UNIX_EPOCH
from kick_proto.websocket import Framing
from tests.contract import (
    LATEST,
    LAWS,
    Due,
    Hear,
    Law,
    MachineT,
    Play,
    Script,
    Step,
    Subject,
    Take,
    Tell,
    Wait,
    armed,
    obey,
)
from tests.scenes import FOX, FOX_CHAT, OWL, OWL_CHAT, chat, connection

TOPICS = (*topics_of(FOX), OWL_CHAT)

times = st.sampled_from([0.0, 0.2, 1.0, 5.0, 10.0, 29.9, 30.0, 60.0, 119.0, 120.0, 86_400.0])
passing: st.SearchStrategy[Step] = st.just(Due()) | st.builds(Wait, times) | st.builds(Take, st.booleans())
refs = st.sampled_from([LATEST, LATEST, LATEST, LATEST, 0, 1, 2, 3])
codes = st.sampled_from([1000, 1001, 1006, 1011, 4000, 4001, 4009, 4100, 4200, 4301]) | st.integers()


def scripts(beginnings: list[list[Step]], *steps: st.SearchStrategy[Step]) -> st.SearchStrategy[Script]:
    """One of the beginnings, each of which leads further into a machine's life, and then anything."""
    rest = st.lists(st.one_of(passing, *steps), max_size=15)
    return st.builds(lambda first, then: [*first, *then], st.sampled_from(beginnings), rest)


# What a Pusher server may say to a client, and what else may happen to it.

ESTABLISHED = encode_frame(Frame("pusher:connection_established", "", '{"socket_id":"1.2","activity_timeout":120}'))
CONFIRMATIONS = [encode_frame(Frame("pusher_internal:subscription_succeeded", topic, "{}")) for topic in TOPICS]

payloads = st.recursive(
    st.none() | st.booleans() | codes | st.floats() | st.text(max_size=5) | st.sampled_from(["4001", "9" * 5000]),
    lambda inner: st.dictionaries(st.sampled_from(["socket_id", "activity_timeout", "code", "message"]), inner),
    max_leaves=4,
)
events = st.sampled_from([*pusher.REACTIONS, "pusher:cache_miss", "App\\Events\\ChatMessageEvent", "Novelty"])
frames = st.builds(
    lambda event, data, channel: json.dumps({"event": event, "data": data, "channel": channel}),
    events,
    payloads | payloads.map(json.dumps),
    st.sampled_from([*TOPICS, "", None]),
)
texts = (
    st.sampled_from([ESTABLISHED, PING, PONG, *CONFIRMATIONS])
    | st.builds(
        lambda number, topic: encode_frame(chat(f"m-{number}", topic)), st.integers(0, 9), st.sampled_from(TOPICS)
    )
    | frames
    | st.sampled_from([*MALFORMED, '{"event":"x","data":"\ud800"}'])
    | st.text()
)
reads = st.lists(texts, max_size=4)


def happenings(data: st.SearchStrategy[list[str]] | st.SearchStrategy[bytes]) -> st.SearchStrategy[Step]:
    """All inputs of a machine that opens sockets."""
    received = st.builds(Received, refs, data, st.floats(0, 4e9))
    ends = st.builds(Closed, refs, codes, st.text(max_size=9)) | st.builds(Failed, refs, st.text(max_size=9))
    return st.builds(Hear, received | received | st.builds(Opened, refs) | ends)


def heard(*data: str) -> Hear:
    return Hear(Received(LATEST, list(data), UNIX_EPOCH))


OPENING: list[Step] = [Tell("connect")]
OPENED: list[Step] = [*OPENING, Hear(Opened(LATEST))]
UP: list[Step] = [*OPENED, heard(ESTABLISHED)]


# The client's side.

topics = st.sampled_from(TOPICS[:3])
connection_tells = st.builds(Tell, st.sampled_from(["connect", "close"])) | st.builds(
    lambda command, topic: Tell(command, (topic,)), st.sampled_from(["subscribe", "unsubscribe"]), topics
)
CONNECTION = Subject(
    connection,
    scripts([[], OPENING, OPENED, UP, [*UP, Tell("subscribe", (FOX_CHAT,))]], connection_tells, happenings(reads)),
    see_timers=armed(pusher.ARMED),
)

session_tells = st.builds(Tell, st.sampled_from(["connect", "close"])) | st.builds(
    lambda command, channel: Tell(command, (channel,)),
    st.sampled_from(["subscribe", "unsubscribe"]),
    st.sampled_from([FOX, OWL, msgspec.structs.replace(FOX, channel_id=33)]),
)
WATCHING: list[Step] = [Tell("subscribe", (FOX,)), *UP]
CONFIRMED: list[Step] = [*WATCHING, Due(), heard(*CONFIRMATIONS[:6])]


def new_session() -> Session:
    config = Config(backoff=Backoff(retries=2), high_water=6, low_water=2)
    return Session(config, rng=random.Random(7), drift=Drift(rest=1.0, max_differences=3))


SESSION = Subject(
    new_session,
    scripts([[], OPENING, UP, WATCHING, CONFIRMED], session_tells, happenings(reads)),
    see_timers=armed(session.ARMED),
)


# The same with what belongs together joined.


class Merged(Merge):
    """A session inside a merge: commands go to the one, everything else to the other."""

    def __init__(self) -> None:
        self.session = new_session()
        super().__init__(self.session, wait=5.0, most=2, backlog=2)


def tell_inside(machine: "Merged | Framed", now: float, told: Tell) -> None:
    obey(machine.session, now, told)
    machine.handle_timeout(now)


def see_inside(machine: "Merged | Framed") -> None:
    armed(session.ARMED)(machine.session)


def tell_a_part(name: str, data: object, kind: TopicKind = TopicKind.CHATROOM_V2) -> str:
    return encode_frame(Frame(f"App\\Events\\{name}", topic_of(kind, FOX), json.dumps(data)))


PARTS = [
    *(
        tell_a_part("SubscriptionEvent", {"chatroom_id": 22, "username": name, "months": months})
        for name in ("Bob", "Cid", "Dan")
        for months in (1, 2)
    ),
    *(
        tell_a_part("StreamerIsLive", {"livestream": {"id": number, "channel_id": 11}}, TopicKind.CHANNEL)
        for number in (1, 2)
    ),
]
MERGE = Subject(
    Merged,
    scripts(
        [OPENING, UP, WATCHING, CONFIRMED, [*CONFIRMED, Take(), heard(*PARTS[:2])]],
        session_tells,
        happenings(reads | st.lists(st.sampled_from(PARTS), max_size=4)),
    ),
    tell=tell_inside,
    see_timers=see_inside,
)


# The same over bytes.


class Framed(Framing[SessionEvent]):
    """A session inside a framing: commands go to the one, everything else to the other."""

    def __init__(self) -> None:
        self.session = new_session()
        super().__init__(self.session, entropy=random.Random(7).randbytes)


ACCEPT = generate_accept_token(b64encode(random.Random(7).randbytes(16)))
UPGRADED = b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n" % ACCEPT

streams = st.lists(
    st.lists(texts, max_size=3).map(encode_texts)
    | st.builds(encode_fragments, texts)
    | st.builds(encode_close, st.integers(0, 65_535), st.text(max_size=3))
    | st.sampled_from([encode_pong(b""), b"\x89\x02hi", UPGRADED, b"HTTP/1.1 503 x\r\n\r\n", b"\x81\x7e\x00"])
    | st.binary(max_size=20),
    max_size=3,
).map(b"".join)
whole_or_cut = streams | st.builds(lambda stream, end: stream[:end], streams, st.integers(0, 99))


def read(data: bytes) -> Hear:
    return Hear(Received(LATEST, data, UNIX_EPOCH))


UPGRADED_AND_UP: list[Step] = [Tell("subscribe", (FOX,)), *OPENED, read(UPGRADED + encode_texts([ESTABLISHED]))]
FRAMING = Subject(
    Framed,
    scripts([OPENING, OPENED, [*OPENED, read(UPGRADED)], UPGRADED_AND_UP], session_tells, happenings(whole_or_cut)),
    tell=tell_inside,
    see_timers=see_inside,
)


# The server's side.


class Parrot(msgspec.Struct, frozen=True):
    """Traffic without a memory, which scripts can share."""

    def act(self, unix_now: float) -> list[Frame]:
        return [chat(f"m-{unix_now}")]


def new_server() -> KickServer:
    return KickServer(rng=random.Random(7), unix_epoch=UNIX_EPOCH, activity_timeout=30.0)


clients = st.integers(1, 3)
targets = st.sampled_from([f"/app/{KICK_APP_KEY}?protocol=7", "/app/other", "/nowhere", ""])
faults = st.sampled_from([NO_FAULTS, CHAOS, Faults(mute=True), Faults(handshake_delay=2.0), Faults(cache_replay=True)])
asked = st.builds(encode_subscribe, st.sampled_from(TOPICS)) | st.builds(encode_unsubscribe, st.sampled_from(TOPICS))
visits = st.builds(
    Hear,
    st.builds(Accepted, clients, targets)
    | st.builds(Received, clients, st.lists(asked | texts, max_size=3), st.floats(0, 4e9))
    | st.builds(Closed, clients, codes)
    | st.builds(Opened, clients)
    | st.builds(Failed, clients, st.text(max_size=3)),
)
server_tells = (
    st.builds(lambda text: Tell("publish", (Frame("Novelty", FOX_CHAT, text),)), st.text() | st.just("\ud800"))
    | st.builds(lambda ref, text: Tell("send", (ref, text)), clients, texts)
    | st.builds(lambda ref, code: Tell("send_error", (ref, code, "x")), clients, st.none() | codes)
    | st.builds(lambda ref, code: Tell("disconnect", (ref, code, "x", True)), clients, codes)
    | st.builds(lambda ref, command: Tell(command, (ref,)), clients, st.sampled_from(["ping", "drop"]))
    | st.builds(lambda rate: Tell("play", (Parrot(), rate)), st.sampled_from([0.1, 2.0, 0.0, -1.0, 1e9]))
    | st.builds(lambda faults: Tell("set_faults", (faults,)), faults)
    | st.builds(Tell, st.sampled_from(["stop_playing", "close"]))
)
VISITED: list[Step] = [Hear(Accepted(1, f"/app/{KICK_APP_KEY}"))]
SUBSCRIBED: list[Step] = [*VISITED, Hear(Received(1, [encode_subscribe(FOX_CHAT)], UNIX_EPOCH))]
SERVER = Subject(
    new_server,
    scripts([[], VISITED, SUBSCRIBED, [*SUBSCRIBED, Tell("set_faults", (CHAOS,))]], server_tells, visits),
)

# Calls over HTTP.


def parsed(response: Response) -> object:
    return json.loads(response.body)["name"]


READING = Call(host=Host.API, method="GET", path="/a", parse=parsed, repeatable=True, redirects=True)
WRITING = Call(host=Host.API, method="POST", path="/b", parse=parsed, auth=Auth.NEEDED)
ASKING_TWICE = Call(
    host=Host.SITE,
    method="GET",
    path="/c",
    parse=parsed,
    auth=Auth.OPTIONAL,
    instead=(Instead(frozenset(Outcome), READING), Instead(frozenset(Outcome), WRITING)),
)


def new_client() -> rest.Client:
    return rest.Client(rest.Config(max_queued=4), rng=random.Random(7))


def busy_client() -> rest.Client:
    config = rest.Config(max_queued=4, in_flight=2, burst=2.0, backoff=Backoff(base=0.5, retries=2))
    return rest.Client(config, rng=random.Random(7))


def see_calls(client: rest.Client) -> None:
    for ref, state in client.states.items():
        assert client.timers_of(ref) <= CALL_ARMED[state]
    for host, lane in client.lanes.items():
        assert client.timers_of(host) <= LANE_ARMED[lane]
    assert client.states or client.poll_timeout() is None, "a timer runs for nobody"


reply_headers = st.lists(
    st.sampled_from(
        [
            ("retry-after", "0"),
            ("retry-after", "7"),
            ("retry-after", "61"),
            ("retry-after", "Thu, 01 Jan 2026 00:00:00 GMT"),
            ("location", "/d"),
            ("location", "//evil.example/"),
            ("content-type", "text/html"),
            ("cf-mitigated", "challenge"),
        ]
    )
    | st.tuples(st.text(max_size=3), st.text(max_size=9)),
    max_size=2,
).map(tuple)
reply_statuses = st.sampled_from([200, 200, 204, 302, 307, 401, 403, 404, 422, 429, 429, 500, 503]) | st.integers()
reply_bodies = st.sampled_from([b'{"name":"Ada"}', b"{}", b"[" * 9_000, b"\xff"]) | st.binary(max_size=9)
replies = st.builds(
    Hear,
    st.builds(Responded, refs, st.builds(Response, reply_statuses, reply_headers, reply_bodies), st.floats(0, 4e9))
    | st.builds(Unanswered, refs, st.text(max_size=9), st.booleans()),
)
client_tells: st.SearchStrategy[Step] = (
    st.builds(lambda call: Tell("submit", (call,)), st.sampled_from([READING, WRITING, ASKING_TWICE]))
    | st.builds(lambda ref: Tell("abandon", (ref,)), st.integers(0, 9))
    | st.builds(lambda token: Tell("set_token", (token,)), st.sampled_from([Secret("hunter2"), None]))
    | st.just(Tell("close"))
)
LOGGED_IN: list[Step] = [Tell("set_token", (Secret("hunter2"),))]
CALLING: list[Step] = [*LOGGED_IN, Tell("submit", (READING,)), Tell("submit", (WRITING,)), Tell("submit", (READING,))]
LIMITED: list[Step] = [*CALLING, Hear(Responded(LATEST, Response(429), UNIX_EPOCH))]
WAITING: list[Step] = [*CALLING, Hear(Unanswered(LATEST, "cut", sent=False))]
MOVED: list[Step] = [
    Tell("submit", (READING,)),
    Hear(Responded(LATEST, Response(302, (("location", "/d"),)), UNIX_EPOCH)),
]
client_scripts = scripts([[], CALLING, LIMITED, WAITING, MOVED], client_tells, replies, replies)
CLIENT = Subject(new_client, client_scripts, see_timers=see_calls)
BUSY_CLIENT = Subject(busy_client, client_scripts, see_timers=see_calls)

SUBJECTS: dict[str, Subject[Any]] = {
    "connection": CONNECTION,
    "session": SESSION,
    "merge": MERGE,
    "framing": FRAMING,
    "server": SERVER,
    "client": CLIENT,
    "busy client": BUSY_CLIENT,
}


@pytest.mark.parametrize("name", SUBJECTS)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@settings(max_examples=70)
@given(data=st.data())
def test_every_machine_obeys_every_law(name: str, law: Law, data: st.DataObject) -> None:
    script = data.draw(SUBJECTS[name].scripts)
    law(SUBJECTS[name], script, data.draw(st.integers(0, len(script))))


def played(subject: Subject[MachineT], script: Script) -> MachineT:
    play = Play(subject)
    play.go(script)
    return play.machine


def test_the_beginnings_of_the_scripts_lead_where_they_should() -> None:
    assert played(CONNECTION, UP).state is pusher.State.CONNECTED
    assert played(SESSION, CONFIRMED).confirmed == set(topics_of(FOX))
    assert played(MERGE, [*CONFIRMED, Take(), heard(*PARTS[:2])]).poll_timeout() == 1_000.2 + 5.0
    assert played(FRAMING, UPGRADED_AND_UP).session.state is session.State.UP
    assert played(SERVER, SUBSCRIBED).topics_of(1) == (FOX_CHAT,)
    queued, in_flight, waiting = CallState.QUEUED, CallState.IN_FLIGHT, CallState.WAITING
    assert list(played(BUSY_CLIENT, CALLING).states.values()) == [in_flight, in_flight, queued]
    assert list(played(BUSY_CLIENT, WAITING).states.values()) == [in_flight, waiting, queued]
    assert played(CLIENT, LIMITED).poll_timeout() == 1_005.0
    assert played(CLIENT, MOVED).poll_timeout() == 1_001.0

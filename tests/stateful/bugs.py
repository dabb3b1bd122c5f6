"""The bugs that the models must find: one line of a machine each, and what stands there in its place.

A row is a mistake that somebody could make, and that no type checker sees. ``tests.stateful.planted`` plants them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import getsource
from textwrap import dedent
from types import FunctionType
from typing import Any, NamedTuple

from kick_proto.account import Account
from kick_proto.merge import Merge
from kick_proto.merge.facts import Fact
from kick_proto.oauth import Grant
from kick_proto.oauth.holding import inheriting
from kick_proto.pusher import Connection
from kick_proto.redial import Redial
from kick_proto.rest import Client
from kick_proto.rfc6455 import Reader
from kick_proto.session import Session
from kick_proto.websocket import Framing
from kick_proto.wishes import Wishes

__all__ = ["BUGS", "Bug", "planted"]


class Bug(NamedTuple):
    """A mistake in a function: ``line``, which stands there once, becomes ``instead``."""

    model: str
    name: str
    function: Callable[..., Any]
    line: str
    instead: str


@contextmanager
def planted(bug: Bug) -> Iterator[None]:
    """The function with the bug in it, wherever it is held already: tables of reactions hold it, too."""
    function = bug.function
    assert isinstance(function, FunctionType)
    source = dedent(getsource(function))
    count = source.count(bug.line)
    assert count == 1, f"{bug.name}: {bug.line!r} stands {count} times in {function.__qualname__}; plant it anew"
    made: dict[str, Any] = {}
    exec(compile(source.replace(bug.line, bug.instead), f"<{bug.name}>", "exec"), function.__globals__, made)
    sound, function.__code__ = function.__code__, made[function.__name__].__code__
    try:
        yield
    finally:
        function.__code__ = sound


BUGS: tuple[Bug, ...] = (
    # One connection
    Bug("pusher", "a pong does not end the wait for it", Connection._heard, "self._timers.stop(Timer.PONG)", "pass"),
    Bug(
        "pusher",
        "a refused topic is still on its way out",
        Connection._on_refused,
        "self._leaving.discard(topic)",
        "pass",
    ),
    Bug(
        "pusher",
        "a topic that has left is still on its way out",
        Connection._on_confirmed,
        "self._leaving.discard(topic)",
        "pass",
    ),
    Bug(
        "pusher",
        "a topic that is kept is left all the same",
        Connection.subscribe,
        "self._leaving.discard(topic)",
        "pass",
    ),
    Bug(
        "pusher",
        "the wait for a confirmation ends with the last one",
        Connection._watch_confirmations,
        "next(iter(self._pending.values()))",
        "max(self._pending.values())",
    ),
    Bug("pusher", "a pong is missed by who does not read", Connection._on_pong_timeout, "if self.reading:", "if True:"),
    Bug(
        "pusher",
        "a confirmation is missed by who does not read",
        Connection._on_confirm_timeout,
        "if self.reading:",
        "if True:",
    ),
    Bug(
        "pusher",
        "an error explains every end to come",
        Connection._explained,
        "now - at <= ERROR_COUNTS_FOR",
        "now >= at",
    ),
    Bug(
        "pusher",
        "an error ends a connection that is up",
        Connection._on_error,
        "self._state is State.HANDSHAKING and error.code",
        "error.code",
    ),
    Bug(
        "pusher",
        "a peer may talk for ever without a handshake",
        Connection._may_come_early,
        "self._early_count += 1",
        "pass",
    ),
    # Framing
    Bug(
        "websocket",
        "a ping is answered behind our close frame",
        Framing._read,
        "socket.state is State.OPEN and reader.end is None",
        "reader.end is None",
    ),
    Bug(
        "websocket",
        "a close frame is answered with a second one of ours",
        Framing._on_end,
        "if socket.state is State.OPEN:",
        "if socket.state is not State.CLOSED:",
    ),
    Bug(
        "websocket",
        "texts behind our close frame are handed on",
        Framing._read,
        "socket.state is State.OPEN and reader.frame_count",
        "reader.frame_count",
    ),
    Bug(
        "websocket",
        "a ping is answered behind the peer's close frame",
        Framing._read,
        "socket.state is State.OPEN and reader.end is None",
        "socket.state is State.OPEN",
    ),
    Bug(
        "websocket",
        "a stream that is being opened is closed",
        Framing._cancel,
        "Cancel(ref) if socket.state is State.OPENING else Close(ref)",
        "Close(ref)",
    ),
    Bug(
        "websocket",
        "a close is not waited for",
        Framing._close,
        "socket.timers.start(Timer.CLOSE, now + self._limits.close)",
        "pass",
    ),
    Bug(
        "websocket",
        "a message counts towards the size of the next",
        Reader._add_part,
        "self._size = 0",
        "pass",
    ),
    Bug(
        "websocket",
        "a text may stand between fragments",
        Reader._read,
        "if not self._texts and not self._doomed:",
        "if not self._doomed:",
    ),
    # The session
    Bug(
        "session",
        "a new connection forgets the ids",
        Wishes.begin,
        "self._leaving = {}",
        "[route.recent.clear() for route in self.routes.values()]; self._leaving = {}",
    ),
    Bug("session", "a gap counts from the end", Session._on_disconnected, "self._heard_at", "now"),
    Bug("session", "reconnects are not counted", Session._on_connected, "+= gap is not None", "+= 0"),
    Bug(
        "session",
        "a topic that is wanted again is left all the same",
        Wishes.add,
        "del self._leaving[topic]",
        "pass",
    ),
    Bug(
        "session",
        "a topic that is confirmed too late is kept",
        Session._on_subscribed,
        "self._pace(now)",
        "pass",
    ),
    Bug("session", "failures are never forgotten", Redial.after, "self._failures = 0", "pass"),
    Bug(
        "session",
        "an endpoint that has worked is left",
        Redial.after,
        "if not self._settled and self._untried",
        "if self._untried",
    ),
    Bug(
        "session",
        "subscribes are faster than is allowed",
        Wishes.pace,
        "self._bucket = bucket",
        "pass",
    ),
    Bug("session", "a socket of the past is heard", Session.handle_input, "received.ref != self._last_ref", "False"),
    Bug(
        "session",
        "who falls behind is not told",
        Session._note_lag,
        "self._events.append(Lagging(undelivered))",
        "pass",
    ),
    Bug("session", "who has caught up is not read for", Session._note_lag, "self._lagging = False", "pass"),
    Bug(
        "session",
        "the ids of events are one memory",
        Session._absorb,
        "route.recent.get(event.event)",
        "next(iter(route.recent.values()), None)",
    ),
    # Calls over HTTP
    Bug(
        "rest",
        "an old answer prolongs the pause",
        Client._pause,
        "if job.began_at < lane.limited_at:",
        "if job.began_at < float('-inf'):",
    ),
    Bug(
        "rest",
        "a call that has waited goes last",
        Client._line_up,
        "insort(self._lanes[job.call.host].queue, job.ref)",
        "self._lanes[job.call.host].queue.append(job.ref)",
    ),
    Bug(
        "rest",
        "what is not repeatable is repeated",
        Client._on_failure,
        "repeatable=job.call.repeatable",
        "repeatable=True",
    ),
    Bug(
        "rest", "a call waits for a token that is gone", Client.set_token, "self._give_up(now, job, LOGGED_OUT)", "pass"
    ),
    Bug("rest", "an abandoned call goes on", Client.abandon, "self._cancel(job)", "pass"),
    Bug(
        "rest", "a server's own wait is not heeded", Client._on_failure, "max(wait, failure.retry_after or 0.0)", "wait"
    ),
    Bug("rest", "a pause is not doubled", Client._pause, "self._pace.pauses(lane.host) + 1", "1"),
    Bug("rest", "a redirect is followed for ever", Client._on_redirect, "job.redirects += 1", "pass"),
    Bug(
        "rest", "an answer does not end the doubling", Client._on_response, "self._pace.answered(job.call.host)", "pass"
    ),
    # Logins
    Bug("oauth", "a refresh goes on after an adoption", Grant.adopt, "self._drop(now, Job.REFRESH)", "pass"),
    Bug("oauth", "a failed revocation fails the next one", Grant.revoke, "self._unrevoked = None", "pass"),
    Bug(
        "oauth",
        "old tokens may be stored late",
        Grant.stored,
        "self._told is None or self._told.tokens != tokens",
        "self._told is None",
    ),
    Bug("oauth", "a refresh loses its refresh token", inheriting, "if new.refresh_token is None:", "if False:"),
    Bug("oauth", "a refresh loses its scopes", inheriting, "new if new.scopes else", "new if not new.scopes else"),
    Bug("oauth", "tokens that wait are not told again", Grant.refresh, "self._tell(now, self._told)", "pass"),
    Bug("oauth", "any page may end a login", Grant._on_unrefreshed, "and failure.status in FINAL", ""),
    Bug("oauth", "an application can lose its tokens", Grant._on_unrefreshed, 'and tokens.kind == "user"', ""),
    Bug(
        "oauth",
        "tokens that are not stored outlive a revocation",
        Grant._known,
        "(self.tokens, None if self._told is None else self._told.tokens)",
        "(self.tokens,)",
    ),
    Bug("oauth", "a login goes on beside the next one", Grant.begin, "self._drop(now, Job.EXCHANGE)", "pass"),
    Bug("oauth", "an old revocation meets new tokens", Grant._take, "if self._drop(now, Job.REVOKE):", "if False:"),
    # Accounts
    Bug("account", "a 401 is replayed for ever", Account._is_worth_a_replay, "if errand.replayed:", "if False:"),
    Bug("account", "a call that waits cannot be abandoned", Account.abandon, "self._held.pop(ref, None)", "pass"),
    Bug("account", "calls wait for tokens that are revoked", Account.revoke, "self._refuse_held(LOGGED_OUT)", "pass"),
    Bug("account", "every call tries to renew", Account._must_wait, "now < self._paused_until", "False"),
    Bug("account", "every 401 renews the token", Account._is_worth_a_replay, "or now < self._doubted_until", ""),
    Bug("account", "a lost token is still sent", Account._settle, "if is_new:", "if is_new and tokens is not None:"),
    Bug(
        "account",
        "a call meets its old token again",
        Account._is_worth_a_replay,
        "refused.credential != self._client.credential",
        "False",
    ),
    Bug("account", "a 401 renews nothing", Account._is_worth_a_replay, "self._rejected = refused.credential", "pass"),
    # Merging
    Bug(
        "merge",
        "a stream that begins again is not told",
        Merge._on_stream_offline,
        "self._streams.pop(_place(event), None)",
        "pass",
    ),
    Bug("merge", "an end holds back what was under way", Merge._on_end, "self._flush()", "pass"),
    Bug("merge", "a late part is another fact's", Merge._hold, "until=deadline + self._wait", "until=deadline"),
    Bug(
        "merge",
        "a fact waits as long again each time",
        Merge._hold,
        "min(self._read_at + self._wait, fact.until)",
        "self._read_at + 2 * self._wait",
    ),
    Bug("merge", "a late part is told without news", Merge._hold, "fact not in self._pending or", ""),
    Bug("merge", "what was dropped is not known again", Merge._hold, "fact.drop(part, clue)", "pass"),
    Bug(
        "merge",
        "the board is told each time",
        Merge._on_leaderboard,
        "self._remember(self._boards, place, said)",
        "pass",
    ),
    Bug("merge", "two gifters are one", Fact.is_anothers, "self.owner != clue.owner", "False"),
    Bug(
        "merge", "a fact waits though all is there", Merge._hold, "fact in self._pending and fact.is_complete", "False"
    ),
    Bug(
        "merge",
        "more is held back than may be",
        Merge._await,
        "self._release(next(iter(self._pending)))",
        "pass",
    ),
    Bug("merge", "one channel's facts are another's", Merge._hold, "_place(part), rule.key(part)", "0, rule.key(part)"),
)

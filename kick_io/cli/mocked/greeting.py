"""Somebody who logs in to the demo's mock as a program does, finds the channel by its name, and says something there.

All of it goes over HTTP: the authorize page, which sends the browser straight back, the exchange of the code by PKCE,
the site and the official API. Nothing of it is stored.
"""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlsplit

from kick_io.calling import BlockingCaller
from kick_io.calls.vault import Vault
from kick_io.http import Fetcher
from kick_io.mock import MockKick
from kick_proto import oauth, rest
from kick_proto.account import Account
from kick_proto.endpoints import people
from kick_proto.endpoints.oauth import App
from kick_proto.endpoints.public import chat
from kick_proto.endpoints.user import User
from kick_proto.errors import KickError
from kick_proto.http import Request
from kick_proto.ids import Channel, TopicKind, topic_of
from kick_proto.testing.server import ClientSubscribed

__all__ = ["Guest", "guest"]

GREETING = "Hello! This was posted through the API, and came back over the socket."
PATIENCE = 0.1
"""Seconds between two looks whether the demo has ended."""


class Guest:
    """Who has logged in; made by ``guest``."""

    def __init__(self, mock: MockKick, kick: BlockingCaller, user: User) -> None:
        self._mock = mock
        self._kick = kick
        self._user = user
        self._posted = "and it ended before anything was posted"
        self._ended = threading.Event()

    def greet(self) -> None:
        """Say something, as soon as somebody listens."""
        topic = topic_of(TopicKind.CHATROOM_V2, self._user.channel)
        while not self._ended.is_set():
            try:
                self._mock.wait_for(ClientSubscribed, lambda event: event.topic == topic, PATIENCE)
            except TimeoutError:
                continue
            self._post()
            return

    def _post(self) -> None:
        assert self._user.user_id is not None  # noqa: S101 (the mock tells all three numbers)
        try:
            sent = self._kick.call(chat.send(GREETING, to=self._user.user_id))
        except KickError as error:
            self._posted = f"but could not post: {error}"
        else:
            self._posted = f"and posted message {sent.message_id} through the API"

    def end(self) -> None:
        """Wait for nobody any more."""
        self._ended.set()

    def story(self) -> str:
        """What it did, in a sentence."""
        found = f"found channel {self._user.channel_id}:{self._user.chatroom_id} by its name"
        return f"logged in to the mock as {self._user.username} by OAuth with PKCE, {found}, {self._posted}"


@contextmanager
def guest(mock: MockKick, channel: Channel) -> Iterator[Guest]:
    """Log in, and greet on a thread of its own, which has ended when the block has.

    Raises:
        KickError: the mock did not let anybody in.
    """
    registered = mock.app
    app = App(
        client_id=registered.client_id,
        client_secret=registered.client_secret,
        redirect_uri=registered.redirect_uri,
        scopes=("user:read", "chat:write"),
    )
    account = Account(app, oauth.Config(rest=rest.Config(sites=mock.sites)), rng=random.Random())
    with Fetcher() as fetch, BlockingCaller(account, fetch, Vault(None, channel.slug)) as kick:
        kick.answer(_sent_back(fetch, kick.begin()))
        somebody = Guest(mock, kick, kick.call(people.get_user(channel.slug, official=False)))
        thread = threading.Thread(target=somebody.greet, name="kick guest")
        thread.start()
        try:
            yield somebody
        finally:
            somebody.end()
            thread.join()


def _sent_back(fetch: Fetcher, url: str) -> str:
    """The query that the authorize page sends the browser back with."""
    page = urlsplit(url)
    query = tuple(parse_qsl(page.query))
    answer = fetch(Request(method="GET", address=page._replace(query="").geturl(), query=query))
    return urlsplit(answer.header("location") or "").query

"""What the four hosts know: accounts, applications, tokens, what was said and done. Whatever grows has a limit."""

from collections import deque
from collections.abc import Iterable, Sequence

import msgspec

from kick_proto.frames import Frame
from kick_proto.ids import UserId
from kick_proto.machine import Rng
from kick_proto.testing.site.accounts import Account, Live
from kick_proto.testing.site.apps import RegisteredApp
from kick_proto.testing.site.ledger import Ledger
from kick_proto.testing.traffic import people
from kick_proto.testing.traffic.people import Person

__all__ = ["Ban", "Redemption", "Reward", "Said", "State", "Subscription"]

MOST_FRAMES = 10_000
"""Frames that wait to be published; beyond that the oldest is lost."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A message in a chat, by whom and where."""

    author: Person
    broadcaster: UserId
    payload: dict[str, object]


class Ban(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who must not speak; ``until`` is monotonic seconds, None for good."""

    until: float | None

    def holds(self, now: float) -> bool:
        """Whether it is still so."""
        return self.until is None or now < self.until


class Reward(msgspec.Struct, frozen=True, kw_only=True):
    """What viewers can have for channel points, as it stands on the wire."""

    id: str
    title: str
    cost: int
    description: str = ""
    background_color: str = "#00e701"
    is_enabled: bool = True
    is_paused: bool = False
    is_user_input_required: bool = False
    should_redemptions_skip_request_queue: bool = False


class Redemption(msgspec.Struct, frozen=True, kw_only=True):
    """A reward that somebody took."""

    id: str
    reward: Reward
    user_id: UserId
    user_input: str
    redeemed_at: str
    status: str = "pending"


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook that somebody asked for."""

    id: str
    client_id: str
    broadcaster: UserId
    name: str
    created_at: str


class State:
    """See the module's docstring. ``consent`` is the slug of who agrees at the authorize page; None presses "deny"."""

    def __init__(
        self, rng: Rng, accounts: Iterable[Account], apps: Iterable[RegisteredApp], ledger: Ledger, consent: str | None
    ) -> None:
        self.rng = rng
        self.ledger = ledger
        self.consent = consent
        self.apps = {app.client_id: app for app in apps}
        self.messages: dict[str, Said] = {}
        self.bans: dict[tuple[UserId, UserId], Ban] = {}
        self.rewards: dict[UserId, dict[str, Reward]] = {}
        self.redemptions: dict[str, tuple[UserId, Redemption]] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.frames: deque[Frame] = deque(maxlen=MOST_FRAMES)
        self._accounts: dict[UserId, Account] = {}
        self._people: dict[UserId, Person] = {}
        for account in accounts:
            self.put(account)

    # People

    def put(self, account: Account) -> None:
        """Add an account, or put it in the place of the one with the same user id."""
        known = self._people.get(account.user_id)
        if known is None or (known.username, known.slug) != (account.username, account.slug):
            person = people.named(self.rng, account.username, (), slug=account.slug)
            self._people[account.user_id] = msgspec.structs.replace(person, id=int(account.user_id))
        self._accounts[account.user_id] = account

    @property
    def accounts(self) -> Sequence[Account]:
        """All accounts, in the order in which they came."""
        return tuple(self._accounts.values())

    @property
    def live(self) -> Sequence[tuple[Account, Live]]:
        """Those who broadcast, and what, most viewers first."""
        shown = [(account, account.live) for account in self._accounts.values() if account.live is not None]
        return sorted(shown, key=lambda each: (-each[1].viewers, each[0].user_id))

    def account(self, user_id: int) -> Account | None:
        """Who has that user id."""
        return self._accounts.get(UserId(user_id))

    def account_of(self, caller: UserId) -> Account:
        """The account of somebody who is logged in: tokens are for those who have one, and no account ever goes."""
        return self._accounts[caller]

    def account_of_slug(self, slug: str) -> Account | None:
        """Who has that slug, whatever case it is written in."""
        wanted = slug.casefold()
        return next((each for each in self._accounts.values() if each.slug.casefold() == wanted), None)

    def person(self, user_id: UserId, channel: Account) -> Person:
        """Somebody who has an account, as they are seen in that chat, with their badges."""
        person = self._people[user_id]
        if user_id == channel.user_id:
            return people.with_role(person, "broadcaster", None)
        if user_id in channel.moderators:
            return people.with_role(person, "moderator", None)
        return person

    def moderates(self, user_id: UserId, channel: Account) -> bool:
        """Whether somebody may act as a moderator there."""
        return user_id == channel.user_id or user_id in channel.moderators

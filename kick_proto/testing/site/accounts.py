"""Who has an account on the mock, and what is known of their channels: invented, with three different numbers each."""

import msgspec

from kick_proto.ids import Channel, ChannelId, ChatroomId, UserId

__all__ = ["CAST", "CATEGORIES", "Account", "Category", "Live", "account_of"]


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream is about; ``parent`` is the id, name and slug of what it belongs to."""

    id: int
    name: str
    slug: str
    tags: tuple[str, ...] = ()
    viewers: int = 0
    parent: tuple[int, str, str] = (2, "IRL", "irl")

    @property
    def thumbnail(self) -> str:
        """Where its picture would be."""
        return f"https://files.example.invalid/categories/{self.id}.webp"


CATEGORIES: tuple[Category, ...] = (
    Category(id=15, name="Just Chatting", slug="just-chatting", tags=("IRL", "Casual"), viewers=268_050),
    Category(id=31, name="Teapot Simulator", slug="teapot-simulator", viewers=6_045, parent=(1, "Games", "games")),
    Category(id=47, name="Speed Knitting", slug="speed-knitting", tags=("Crafts",), viewers=912),
    Category(id=8_549, name="Night Walks", slug="night-walks", tags=("Adventure",), viewers=25_953),
)
"""What there is, the id rising."""


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """A broadcast that runs; ``unix_started_at`` is unix seconds."""

    id: int
    unix_started_at: float
    viewers: int = 307
    mature: bool = False


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody, and their channel. To change one, put a replaced one in its place."""

    user_id: UserId
    channel_id: ChannelId
    chatroom_id: ChatroomId
    username: str
    slug: str
    unix_created_at: float = 1_690_000_000.0
    bio: str = ""
    description: str = ""
    follower_count: int = 38_300
    verified: bool = False
    banned: bool = False
    title: str = ""
    category: Category | None = None
    tags: tuple[str, ...] = ()
    language: tuple[str, str] = ("English", "en")
    """Its English name, and its code."""
    subscribers: tuple[int, int, int] = (72, 8, 55)
    """Active, canceled, and gifted."""
    slow_mode: int = 0
    """Seconds between two messages; 0 is off."""
    followers_mode: int = 0
    """Minutes that one must have followed; 0 is off."""
    moderators: frozenset[UserId] = frozenset()
    live: Live | None = None
    kicks: tuple[tuple[UserId, str, int], ...] = ()
    """Who gave how many: user id, username, amount."""

    @property
    def channel(self) -> Channel:
        """The numbers that its topics need."""
        return Channel(self.channel_id, self.chatroom_id, self.slug)

    @property
    def email(self) -> str:
        """The address that only its owner sees."""
        return f"{self.slug}@example.invalid"

    @property
    def picture(self) -> str:
        """Where the profile picture would be."""
        return f"https://files.example.invalid/users/{self.user_id}.webp"


def account_of(channel: Channel) -> Account:
    """An account for a channel whose numbers are known: its user id is another number, its slug made up if need be."""
    slug = channel.slug or f"channel-{channel.channel_id}"
    return Account(
        user_id=UserId(channel.channel_id + 25_181),
        channel_id=channel.channel_id,
        chatroom_id=channel.chatroom_id,
        username=slug.replace("-", "_"),
        slug=slug,
        title="Whatever comes",
        category=CATEGORIES[0],
        live=Live(id=90_000_000 + channel.channel_id, unix_started_at=1_790_000_000.0),
    )


CAST: tuple[Account, ...] = (
    Account(
        user_id=UserId(251_175),
        channel_id=ChannelId(209_488),
        chatroom_id=ChatroomId(202_499),
        username="Velvet_Otter",
        slug="velvet-otter",
        bio="Tea, mostly.",
        description="A teapot, and who fills it",
        verified=True,
        title="Pouring until it overflows \N{HOT BEVERAGE}",
        category=CATEGORIES[1],
        tags=("tea", "cosy"),
        slow_mode=5,
        followers_mode=5,
        moderators=frozenset({UserId(377_204)}),
        live=Live(id=95_104_772, unix_started_at=1_790_000_000.0),
        kicks=((UserId(377_204), "TurboKettle", 1_500), (UserId(412_860), "quiet_walrus", 90)),
    ),
    Account(
        user_id=UserId(377_204),
        channel_id=ChannelId(331_516),
        chatroom_id=ChatroomId(324_077),
        username="TurboKettle",
        slug="turbokettle",
    ),
    Account(
        user_id=UserId(412_860),
        channel_id=ChannelId(366_901),
        chatroom_id=ChatroomId(359_340),
        username="quiet_walrus",
        slug="quiet-walrus",
        follower_count=3,
        unix_created_at=1_760_000_000.0,
    ),
)
"""Somebody who is live, somebody who moderates there, and somebody who watches."""

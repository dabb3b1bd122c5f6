"""The applications that are registered with the mock, and the scopes that there are."""

import re

import msgspec

from kick_proto.secret import Secret

__all__ = ["APP", "SCOPES", "RegisteredApp"]

SCOPES: tuple[str, ...] = (
    "user:read",
    "channel:read",
    "channel:write",
    "channel:rewards:read",
    "channel:rewards:write",
    "chat:write",
    "streamkey:read",
    "events:subscribe",
    "moderation:ban",
    "moderation:chat_message:manage",
    "kicks:read",
)
"""Source: Docs: KickEngineering/KickDevDocs, "Scopes" (2026-06)."""


class RegisteredApp(msgspec.Struct, frozen=True, kw_only=True):
    """What the developer tab shows; a redirect URI must be one of these to the letter."""

    client_id: str
    client_secret: Secret
    redirect_uris: tuple[str, ...]
    name: str = "Kettle Bot"

    def __post_init__(self) -> None:
        if not self.redirect_uris or not all(re.fullmatch(r"https?://[!-~]+", uri) for uri in self.redirect_uris):
            raise ValueError(f"redirect_uris are one URL or more, in ASCII, not {self.redirect_uris}")

    @property
    def redirect_uri(self) -> str:
        """The first of them."""
        return self.redirect_uris[0]


APP = RegisteredApp(
    client_id="01MOCKCLIENT00000000000000",
    client_secret=Secret("mock-secret-not-a-real-one-4f1c"),
    redirect_uris=("http://localhost:38080/callback", "http://127.0.0.1:38080/callback"),
)
"""The application that is registered unless others are."""

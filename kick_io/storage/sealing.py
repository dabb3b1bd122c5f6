"""Tokens, or an application, as bytes that only the key opens, and back. AES-256-GCM, with a fresh nonce each time.

What is sealed is bound to what it is, the account's name, and this format: bytes that were moved to another row, or
changed anywhere, do not open. The plain text has no name in any frame, so that no traceback shows it.

The layout: one byte for the format, 12 bytes of nonce, then the cipher text with its tag.
"""

import os
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from kick_io.storage.keys import Key
from kick_proto.endpoints.oauth import App
from kick_proto.errors import StoreError
from kick_proto.secret import Secret
from kick_proto.tokens import TokenSet

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["require_cipher", "seal", "seal_app", "unseal", "unseal_app"]

FORMAT = b"\x01"
NONCE_SIZE = 12

KeptT = TypeVar("KeptT")


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A ``TokenSet`` as it is written; its own type, so that neither changes the other by accident."""

    access_token: Secret
    refresh_token: Secret | None
    issued_at: datetime
    expires_at: datetime | None
    refresh_expires_at: datetime | None
    scopes: tuple[str, ...]
    kind: Literal["user", "app"]


class KeptApp(msgspec.Struct, frozen=True, kw_only=True):
    """The same for an ``App``."""

    client_id: str
    client_secret: Secret | None
    redirect_uri: str
    scopes: tuple[str, ...]


def seal(key: Key, account: str, tokens: TokenSet) -> bytes:
    """Encrypt the account's tokens.

    Raises:
        StoreError: the library that encrypts is not installed.
    """
    kept = Kept(**{field: getattr(tokens, field) for field in Kept.__struct_fields__})
    return _closed(_cipher(key), _bound_to("tokens", account), kept)


def unseal(key: Key, account: str, sealed: bytes) -> TokenSet | None:
    """The account's tokens, or None where these bytes were not sealed for it with this key.

    Raises:
        StoreError: the library that encrypts is not installed.
    """
    kept = _opened(_cipher(key), _bound_to("tokens", account), sealed, Kept)
    return None if kept is None else TokenSet(**msgspec.structs.asdict(kept))


def seal_app(key: Key, account: str, app: App) -> bytes:
    """Encrypt the application that the account has logged in with. Raises as ``seal``."""
    kept = KeptApp(**{field: getattr(app, field) for field in KeptApp.__struct_fields__})
    return _closed(_cipher(key), _bound_to("app", account), kept)


def unseal_app(key: Key, account: str, sealed: bytes) -> App | None:
    """The account's application, or None as for ``unseal``. Raises as ``unseal``."""
    kept = _opened(_cipher(key), _bound_to("app", account), sealed, KeptApp)
    return None if kept is None else App(**msgspec.structs.asdict(kept))


def require_cipher() -> "type[AESGCM]":
    """The cipher's class.

    Raises:
        StoreError: the library is not installed.
    """
    # Imported late: only who stores tokens needs it.
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415
    except ModuleNotFoundError:
        raise StoreError("tokens are stored with the library cryptography: pip install 'kick-proto[rest]'") from None
    return AESGCM


def _cipher(key: Key) -> "AESGCM":
    return require_cipher()(bytes.fromhex(key.secret.reveal()))


def _bound_to(kind: Literal["tokens", "app"], account: str) -> bytes:
    return f"kick-proto {kind}".encode() + FORMAT + account.encode()


def _closed(cipher: "AESGCM", bound: bytes, kept: Kept | KeptApp) -> bytes:
    nonce = os.urandom(NONCE_SIZE)
    return FORMAT + nonce + cipher.encrypt(nonce, msgspec.json.encode(kept, enc_hook=_reveal), bound)


def _opened(cipher: "AESGCM", bound: bytes, sealed: bytes, kind: type[KeptT]) -> KeptT | None:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - it is there when the cipher is

    if not sealed.startswith(FORMAT):
        return None
    start = len(FORMAT) + NONCE_SIZE
    try:
        plain = Secret(cipher.decrypt(sealed[len(FORMAT) : start], sealed[start:], bound).decode())
        return msgspec.json.decode(plain.reveal(), type=kind, dec_hook=_hide)
    except (InvalidTag, ValueError, msgspec.MsgspecError):
        return None


def _reveal(secret: Secret) -> str:
    return secret.reveal()


def _hide(kind: type[Any], text: str) -> Secret:
    return Secret(text)

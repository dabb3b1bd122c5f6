"""A set of tokens as bytes that only the key opens, and back. AES-256-GCM, with a fresh nonce each time.

What is sealed is bound to the account's name and to this format: bytes that were moved to another account's row, or
changed anywhere, do not open. The plain text has no name in any frame, so that no traceback shows it.

The layout: one byte for the format, 12 bytes of nonce, then the cipher text with its tag.
"""

import os
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from kick_io.keys import Key
from kick_proto.errors import StoreError
from kick_proto.secret import Secret
from kick_proto.tokens import TokenSet

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["require_cipher", "seal", "unseal"]

FORMAT = b"\x01"
NONCE_SIZE = 12


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A ``TokenSet`` as it is written; its own type, so that neither changes the other by accident."""

    access_token: Secret
    refresh_token: Secret | None
    issued_at: datetime
    expires_at: datetime | None
    refresh_expires_at: datetime | None
    scopes: tuple[str, ...]
    kind: Literal["user", "app"]


def seal(key: Key, account: str, tokens: TokenSet) -> bytes:
    """Encrypt the account's tokens.

    Raises:
        StoreError: the library that encrypts is not installed.
    """
    nonce = os.urandom(NONCE_SIZE)
    cipher = _cipher(key)
    return FORMAT + nonce + cipher.encrypt(nonce, _written(tokens).reveal().encode(), _bound_to(account))


def unseal(key: Key, account: str, sealed: bytes) -> TokenSet | None:
    """The account's tokens, or None where these bytes were not sealed for it with this key.

    Raises:
        StoreError: the library that encrypts is not installed.
    """
    plain = _opened(_cipher(key), account, sealed)
    return None if plain is None else _read(plain)


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


def _bound_to(account: str) -> bytes:
    return b"kick-proto tokens" + FORMAT + account.encode()


def _opened(cipher: "AESGCM", account: str, sealed: bytes) -> Secret | None:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - it is there when the cipher is

    if not sealed.startswith(FORMAT):
        return None
    start = len(FORMAT) + NONCE_SIZE
    try:
        return Secret(cipher.decrypt(sealed[len(FORMAT) : start], sealed[start:], _bound_to(account)).decode())
    except (InvalidTag, ValueError):
        return None


def _written(tokens: TokenSet) -> Secret:
    kept = Kept(**{field: getattr(tokens, field) for field in Kept.__struct_fields__})
    return Secret(msgspec.json.encode(kept, enc_hook=_reveal).decode())


def _read(plain: Secret) -> TokenSet | None:
    try:
        kept = msgspec.json.decode(plain.reveal(), type=Kept, dec_hook=_hide)
    except msgspec.MsgspecError:
        return None
    return TokenSet(**msgspec.structs.asdict(kept))


def _reveal(secret: Secret) -> str:
    return secret.reveal()


def _hide(kind: type[Any], text: str) -> Secret:
    return Secret(text)

"""One attempt to log somebody in, from the URL that they are sent to until they come back: PKCE, state and answer.

Values and plain functions; ``oauth.Grant`` keeps the one attempt that is open. State and code verifier are drawn from
separate halves of the entropy, so that the URL, which holds the state, tells nothing of the verifier.

Source: Spec: RFC 6749 sections 4.1.2 and 10.12; RFC 7636. Docs: KickEngineering/KickDevDocs, "Generating Tokens".
Guess: that somebody who says no comes back with ``error=access_denied``, as the RFC has it; Kick documents nothing.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import parse_qsl

import msgspec

from kick_proto.errors import LocalProtocolError
from kick_proto.oauth.events import Declined
from kick_proto.outcomes import redacted
from kick_proto.secret import Secret

__all__ = ["ENTROPY", "Attempt", "Code", "attempt", "challenge", "read_answer"]

ENTROPY = 64
"""Bytes of entropy that an attempt takes, at least."""
USED = 96
"""Bytes of each half that are used, at most: they make the 128 characters that a code verifier may have."""
LONGEST = 8 * 1024
"""Characters of an answer that are read."""
LONGEST_WORDS = 300
"""Characters of somebody else's words that are kept."""
ONCE = ("code", "state", "error", "error_description")
"""The parameters that count. Source: Spec: RFC 6749 section 3.1: none may be there more than once."""

_CODE = re.compile(r"[\x20-\x7e]+")
"""What a code may consist of. Source: Spec: RFC 6749 appendix A.11."""
_WORD = re.compile(r"[\x21-\x7e]{1,80}")


class Attempt(msgspec.Struct, frozen=True):
    """What must be known to make tokens of the answer; good for one answer."""

    state: Secret
    verifier: Secret


class Code(msgspec.Struct, frozen=True):
    """The answer was yes."""

    code: Secret


def attempt(entropy: bytes) -> Attempt:
    """A fresh state and code verifier, 43 to 128 characters each.

    Raises:
        LocalProtocolError: there is too little entropy.
    """
    if len(entropy) < ENTROPY:
        raise LocalProtocolError(f"a login takes at least {ENTROPY} bytes of entropy, not {len(entropy)}")
    half = len(entropy) // 2
    return Attempt(state=Secret(_text(entropy[half:])), verifier=Secret(_text(entropy[:half])))


def challenge(verifier: Secret) -> str:
    """The S256 code challenge of a code verifier. Source: Spec: RFC 7636 section 4.2."""
    return _text(sha256(verifier.reveal().encode()).digest())


def read_answer(query: str, expected: Attempt) -> Code | Declined:
    """What the query string of the redirect says, whatever it is.

    An error without a state is believed: all it can do is to end this attempt, as a wrong state does.
    """
    if len(query) > LONGEST:
        return Declined("too_long", f"the answer has {len(query)} characters, more than {LONGEST}")
    pairs = parse_qsl(query.removeprefix("?"), keep_blank_values=True)
    said = dict(pairs)
    if repeated := [name for name in ONCE if [each for each, _ in pairs].count(name) > 1]:
        return Declined("repeated_parameter", f"the answer has {repeated[0]} more than once")
    state, error = said.get("state"), said.get("error")
    if not (_same(state, expected.state) if state is not None else error):
        return Declined(
            "state_mismatch",
            "the answer is not to the login that was begun here (its state is another's); log in again from the start",
        )
    if error:
        return _refusal(error, said)
    code = said.get("code", "")
    if not _CODE.fullmatch(code):
        return Declined("missing_code", "the answer has no code that could be exchanged for tokens; log in again")
    return Code(Secret(code))


def _refusal(error: str, said: Mapping[str, str]) -> Declined:
    told = _plain(said.get("error_description", "")) or _plain(error)
    return Declined(error if _WORD.fullmatch(error) else "unknown_error", f"Kick gave no code: {told}")


def _same(text: str, expected: Secret) -> bool:
    """Compared in constant time; whatever a query can hold is text enough for that."""
    return hmac.compare_digest(text.encode("utf-8", "surrogatepass"), expected.reveal().encode())


def _plain(text: str) -> str:
    """Somebody else's words, short, on one line, without what a terminal would obey or a log must not keep."""
    shown = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(redacted(shown).split())[:LONGEST_WORDS]


def _text(secret: bytes) -> str:
    return urlsafe_b64encode(secret[:USED]).rstrip(b"=").decode()

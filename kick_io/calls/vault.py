"""Where the tokens of one account are kept, between its machine and the store: every decision about other processes.

Several programs may use one account. Whoever renews its tokens stores them; whoever finds that somebody else has done
so takes theirs. Without a store, tokens live as long as the process.
"""

from kick_io.credentials import TokenStore
from kick_proto.tokens import TokenSet

__all__ = ["Vault"]


class Vault:
    """The place of one account's tokens. Its methods touch the disk, so they run on a thread: one at a time."""

    def __init__(self, store: TokenStore | None, account: str) -> None:
        self.account = account
        self._store = store
        self._seen: TokenSet | None = None

    def load(self) -> TokenSet | None:
        """The tokens that are stored.

        Raises:
            StoreError: the store cannot be used.
        """
        self._seen = None if self._store is None else self._store.load(self.account)
        return self._seen

    def keep_login(self, tokens: TokenSet) -> TokenSet:
        """Store the tokens of a login, in place of any others; they are given back. Raises as ``load``."""
        if self._store is not None:
            self._store.save(self.account, tokens)
            self._seen = tokens
        return tokens

    def keep_renewed(self, tokens: TokenSet) -> TokenSet:
        """Store tokens that were made of those before, and give back the ones that count now.

        These are others where somebody else was quicker. Raises as ``load``.
        """
        # What was seen here last is replaced, not what the new tokens were made of: those need not have been stored,
        # and then what is there is older, and nobody else's.
        if self._store is None or self._store.save(self.account, tokens, replacing=self._seen):
            self._seen = tokens
            return tokens
        # Where there is nothing any more, what is good is kept: a logout that was meant has revoked it.
        return self.load() or self.keep_login(tokens)

    def after_loss(self, tokens: TokenSet) -> TokenSet | None:
        """These are refused for good: give back what somebody else has stored since, or forget them (None).

        Raises as ``load``.
        """
        if self._store is None or self._store.delete(self.account, only=tokens):
            self._seen = None
            return None
        before = self._seen
        if before is None or self.load() != before:
            return self.load()
        # What is there was there before, so it is no newer than what is lost, which could not be stored.
        self._store.delete(self.account, only=before)
        self._seen = None
        return None

    def forget(self) -> None:
        """Keep no tokens of the account any more. Raises as ``load``."""
        if self._store is not None:
            self._store.delete(self.account)
            self._seen = None

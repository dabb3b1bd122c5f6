"""Where the tokens of one account are kept, between its machine and the store: every decision about other processes.

Several programs may use one account. Whoever renews its tokens stores them; whoever finds that somebody else has done
so takes theirs. Without a store, tokens live as long as the process.
"""

from kick_io.credentials import TokenStore
from kick_proto.tokens import TokenSet

__all__ = ["Vault"]


class Vault:
    """The place of one account's tokens. Its methods touch the disk, and may be called from any thread."""

    def __init__(self, store: TokenStore | None, account: str) -> None:
        self.account = account
        self._store = store

    def load(self) -> TokenSet | None:
        """The tokens that are stored.

        Raises:
            StoreError: the store cannot be used.
        """
        return None if self._store is None else self._store.load(self.account)

    def keep_login(self, tokens: TokenSet) -> TokenSet:
        """Store the tokens of a login, in place of any others; they are given back. Raises as ``load``."""
        if self._store is not None:
            self._store.save(self.account, tokens)
        return tokens

    def keep_renewed(self, tokens: TokenSet, before: TokenSet) -> TokenSet:
        """Store tokens that were made of those before, and give back the ones that count now.

        These are others where somebody else was quicker. Raises as ``load``.
        """
        if self._store is None or self._store.save(self.account, tokens, replacing=before):
            return tokens
        return self._store.load(self.account) or self.keep_login(tokens)

    def after_loss(self, tokens: TokenSet) -> TokenSet | None:
        """These are refused for good: give back what somebody else has stored since, or forget them (None).

        Raises as ``load``.
        """
        if self._store is None or self._store.delete(self.account, only=tokens):
            return None
        return self._store.load(self.account)

    def forget(self) -> None:
        """Keep no tokens of the account any more. Raises as ``load``."""
        if self._store is not None:
            self._store.delete(self.account)

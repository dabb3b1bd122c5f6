"""The mark that every secret of a world has, and the search for it in what is shown."""

from kick_proto.testing.simulation.laws import Law, Violation

__all__ = ["MARK", "search"]

MARK = "hIdDeN"
"""Every secret of a world has it in many places, so that a piece of one is found too."""


def search(what: str, text: str) -> None:
    """Look for secrets.

    Raises:
        Violation: there is one.
    """
    if MARK in text:
        raise Violation(Law.SECRETS, f"{what} shows {text.count(MARK)} parts of a secret")

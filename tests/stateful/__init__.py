"""Machines against models of them: Hypothesis gives commands and inputs in any order, and shrinks what disagrees.

A model knows less than its machine and is written another way: what must be delivered, what must be sent, when
something is due. Every rule compares the two, and at the end all faults are lifted, where that should help.

``HYPOTHESIS_PROFILE`` says how long this takes; with ``dev``, some seconds each.
"""

from hypothesis import settings

__all__ = ["LIFE", "lives"]


def lives(profile: settings) -> settings:
    """Twice as many lives as the profile has examples, of up to so many steps."""
    return settings(profile, max_examples=2 * profile.max_examples, stateful_step_count=50)


LIFE = lives(settings())

"""Hypothesis runs without a deadline: how fast a machine is says nothing about whether it is right.

The profile ``thorough`` (``HYPOTHESIS_PROFILE=thorough``) tries twenty times as many examples.
"""

import os

from hypothesis import settings

settings.register_profile("quick", deadline=None, max_examples=50)
settings.register_profile("thorough", deadline=None, max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

"""The specification, as tests: one file for each module, and a few for what no single module can promise.

Hypothesis runs without a deadline: how fast a machine is says nothing about whether it is right.
"""

from hypothesis import settings

settings.register_profile("kick-proto", deadline=None)
settings.load_profile("kick-proto")

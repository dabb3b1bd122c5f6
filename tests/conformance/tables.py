"""All tables of frames, in the order of the RFC."""

from tests.conformance import closing, framing, messages, utf8
from tests.conformance.rows import Group

GROUPS: tuple[Group, ...] = (*framing.GROUPS, *messages.GROUPS, *closing.GROUPS, *utf8.GROUPS)

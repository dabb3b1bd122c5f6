"""What a session was told and what it made of it, as lines: recorded, read again, replayed, and shared without names.

A recording is NDJSON, one step a line. ``lines`` has the format and ``recorder`` the machine that writes it;
``transcript`` reads it, ``replaying`` plays it to a new machine on its own clock, ``anonymising`` makes one that tells
of nobody, and ``packing`` finds the lines in a file, compressed or not. The recorded machine is the one of texts, below
which the WebSocket stands: a recording holds what Kick said, neither masks nor TLS, and never a secret, because none
comes here.

The outermost machine of texts is recorded, with all commands, inputs, timeouts and draws of chance that reach it. These
decide everything, so a replay comes to the same outputs and events, byte for byte; what differs is a change of the
library, or a bug.
"""

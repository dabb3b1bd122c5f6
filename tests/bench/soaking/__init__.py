"""The parts of the ``soak`` mode: a server that numbers what it writes and lets much go wrong, and its clients.

``shows`` is what is written, ``troubles`` when something goes wrong, ``guest`` one connection, ``server`` all of them:
that is the one process. ``watchers`` are the sessions, ``tally`` counts what arrives, ``holdings`` looks at what the
process holds, ``client`` is that process. ``verdict`` tells from the samples whether anything grows.
"""

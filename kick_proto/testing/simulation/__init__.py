"""Hours of sessions under every fault in seconds: seeds, decisions, a world that carries them out, and the laws.

``plans`` draws a ``Plan`` from a seed: sessions, servers, and a list of ``decisions``, each of which is a fault or a
command at a moment. ``run.play`` carries a plan out and checks the laws (``laws``, ``docs/laws.md``) after every step:
first *safety* under faults, then *liveness* with faults off. ``shrink`` finds the few decisions that a violation
needs. ``python -m kick_io.simulate`` is the command around it. ``http`` is the half with accounts and clients.
"""

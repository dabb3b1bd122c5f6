"""The simulation's other half: accounts and clients over HTTP, the mock Kick's four hosts, and what lies between them.

``dice`` draws programs and ``decisions``, ``network`` drives the machines and carries requests to the mock, decisions
are carried out in ``deciding``, and ``proving`` is the second phase. Beside each machine goes a model that is told the
same: ``lines`` for the calls of one client, ``pacing`` for what one program may ask, ``login`` for tokens, ``account``
for all of it together. ``witness`` compares: what leaves, what is told, and what is waited for must be what the model
says. ``homecoming`` plays the browser's way back to a ``redirect.Listener``; ``secrets`` is what must be seen nowhere.
"""

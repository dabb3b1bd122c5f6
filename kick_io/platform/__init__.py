"""What an object behind the interfaces of ``kick_proto.platform`` is made of, besides its accounts.

``naming`` tells which channel is meant; ``feed`` watches, events wait in a ``backlog`` for whoever reads them, and
``delivery`` gives them to handlers. ``kick_io.strategy`` puts this together for Kick.
"""

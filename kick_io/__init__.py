"""Sockets and clocks for ``kick_proto``: drivers for asyncio, trio and plain threads, and the ``kick`` command.

An application begins with the modules that stand here. What they are made of lies in folders: ``sockets`` for drivers
and the mock, ``calls`` for what runs over HTTP, ``storage`` for what is kept, ``platform`` for ``strategy``.
"""

from kick_proto import __version__ as __version__

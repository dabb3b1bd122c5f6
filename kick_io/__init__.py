"""Sockets and clocks for ``kick_proto``: drivers for asyncio, trio and plain threads, and the ``kick`` command."""

from kick_proto import __version__ as __version__

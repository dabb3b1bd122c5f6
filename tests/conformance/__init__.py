"""What RFC 6455 asks of a client, as tables: each row says what the server sends, and what must come of it.

``rows`` has the vocabulary, one module for each theme has the tables, ``page`` prints ``docs/conformance.md`` from
them. Every row is played whole, byte by byte and in odd chunks; see ``test_frames`` and ``test_handshake``.
"""

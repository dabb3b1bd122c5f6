"""The HTTP side of the mock Kick, as a machine: the four hosts, their accounts, tokens, replies and bad days.

``answering.KickSite`` is the machine: a request in, a reply out, and frames for the socket where a call has such an
effect. ``framing.SiteFraming`` serves it over bytes. ``routes`` is the table of what can be asked, one module each has
what is done then, and ``trouble`` what may go wrong.

What no document and no recording tells was decided here, and is marked ``Guess:`` where it stands.
"""

"""The ``kick`` command: watch channels, log in and write, find out what is wrong, and a Kick to try it all against.

``main`` is the entry point and knows neither click nor any command; ``commands`` holds the table of commands, each of
which is a light module (``watch``, ``demo``, ``mock``) that says its options and imports what it needs once it runs.
``running`` runs a watch on the chosen driver; ``render``, ``screen`` and ``jsonlines`` turn events into lines.
``identity`` says who asks over HTTP and which Kick; ``resolving``, ``entering`` and ``asking`` do so. ``probing`` and
``examining`` look for what is wrong, and ``diagnosis`` knows what it means.
"""

"""The ``kick`` command: watch channels in a terminal or as JSON lines, and a Kick to try everything against.

``main`` is the entry point and knows neither click nor any command; ``commands`` holds the table of commands, each of
which is a light module (``watch``, ``demo``, ``mock``) that says its options and imports what it needs once it runs.
``running`` runs a watch on the chosen driver; ``render``, ``screen`` and ``jsonlines`` turn events into lines.
"""

"""The ``kick`` command: watch channels, log in and write, find out what is wrong, and a Kick to try it all against.

``main`` is the entry point and knows neither click nor any command; ``commands`` holds the table of commands, each of
which is a light module (``watch``, ``demo``, ``mock``) that says its options and imports what it needs once it runs.
What does the work lies in folders: ``output`` turns events and values into lines, ``http`` asks, ``watching`` runs a
watch, ``mocked`` is the Kick of this machine, ``checkup`` looks for what is wrong, ``recordings`` is for recorded ones.
"""

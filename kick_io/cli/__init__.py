"""The ``kick`` command."""

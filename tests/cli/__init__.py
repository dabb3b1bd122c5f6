"""Tests of the ``kick`` command."""

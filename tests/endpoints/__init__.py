"""Kick's HTTP calls: what is asked, and what is read out of the answers."""

"""What happens on a Kick.com channel, as pure state machines: no socket, clock, thread or chance in here."""

__version__ = "0.1.0"

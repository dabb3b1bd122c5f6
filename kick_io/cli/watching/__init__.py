"""A watch from its beginning to its summary, on the driver that was chosen, and what it prints on the way."""

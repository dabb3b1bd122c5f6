"""A Kick on this machine, as the commands play it, and somebody who logs in to it."""

"""What is kept from one run to the next: files that nobody else can read, and a key in the system's keyring.

``places`` says where, ``private_files`` makes the files, and ``own_database`` is one with rows in it; ``keys`` keeps
the key, and ``sealing`` uses it. ``known_ids`` is kept in this way, and so are the tokens (``kick_io.credentials``).
"""

"""``python -m kick_io.cli`` is ``kick``."""

from kick_io.cli.main import main

if __name__ == "__main__":
    main()

"""What the drivers of sockets share, and the parts of one that are large enough to stand alone.

``assembly`` makes the machines that each starts with, and ``recorded`` those of a watch that is recorded, whose lines
``taping`` writes; ``pump`` is the step that each repeats; ``watch`` is what the application holds meanwhile.
``selector_stream`` and ``trio_stream`` carry the bytes of the blocking driver and of trio's; ``listener`` is the other
end of the line, that of the mock Kick. What is left for ``asyncio``, ``trio`` and ``blocking`` is how each waits.
"""

"""What an event costs here, and what it costs elsewhere: ``python -m tests.bench``, nothing but public tools.

Contenders of three kinds run against the same server, each in a process of its own, interleaved over several rounds:
the limit (a socket, a scan, one typed decode), this library in its forms, and what a user would take instead. What is
compared is the CPU time of the client's process for each event, as a ratio to the limit of the same run: seconds say
something about the machine, ratios about the code.
"""

"""What the drivers of calls over HTTP are made of: ``http``, which makes exchanges, and those who run an account.

Of an exchange, ``deadline`` sees to it that it ends, and ``hushed`` that its secrets stay out of the log. Of an
account, ``desk`` knows who waits for which answer, and ``vault`` whose tokens count where several programs have some.
"""

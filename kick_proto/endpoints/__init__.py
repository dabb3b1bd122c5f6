"""Kick's HTTP calls as values: a function for each, typed arguments in, a ``Call`` with a typed result out.

``call`` has the ``Call`` itself; ``public`` is the official API, ``site`` what the web page uses, ``oauth`` the token
server. Nothing here sends anything: a call is given to ``rest.Client``, or to whatever wraps it.
"""

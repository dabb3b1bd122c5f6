"""The page ``docs/states.md``, printed from the machines' own tables: ``python -m tests.states > docs/states.md``."""

import sys
from collections.abc import Iterator
from types import ModuleType

from kick_proto import account, pusher, redirect, session, websocket
from kick_proto.oauth import states as oauth
from kick_proto.rest import states as rest

MACHINES: dict[str, ModuleType] = {
    "One Pusher connection (`kick_proto.pusher`)": pusher,
    "A session (`kick_proto.session`)": session,
    "One call over HTTP (`kick_proto.rest`)": rest,
    "What one account is allowed (`kick_proto.oauth`)": oauth,
    "An account (`kick_proto.account`)": account,
    "One WebSocket (`kick_proto.websocket`)": websocket,
    "The wait for a login's redirect (`kick_proto.redirect`)": redirect,
}


def page() -> str:
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# States"
    yield ""
    yield "Printed from the tables in the code by `python -m tests.states > docs/states.md`; a test keeps it fresh."
    for title, module in MACHINES.items():
        yield from ("", f"## {title}", "", "```mermaid", "stateDiagram-v2")
        for (state, signal), to in module.TRANSITIONS.items():
            yield f"    {state.value} --> {to.value}: {signal.value}"
        yield from ("```", "", "| state | timers that may run |", "| --- | --- |")
        for state, timers in module.ARMED.items():
            yield f"| {state.value} | {', '.join(timer.name.lower() for timer in sorted(timers)) or 'none'} |"


if __name__ == "__main__":
    sys.stdout.write(page())

"""Recorded replies, each held to its row of the table: what it becomes, and where each value stands in it.

The recordings hold other people's words and are no part of the project; without them, these tests are skipped, and the
same table is tested with invented replies of the same shapes in ``tests/endpoints/test_replies.py``.
"""

import json
import re
from operator import attrgetter
from pathlib import Path

import pytest

from kick_proto.http import Response
from kick_proto.outcomes import Outcome
from tests.endpoints.replies import ROWS, SLUG, Json, Row, found, outcome

SAMPLES = Path(__file__).parent.parent.parent / "shared" / "wire" / "rest_samples.ndjson"

if not SAMPLES.exists():
    pytest.skip("the recorded replies are not part of the project", allow_module_level=True)

REPLIES: list[Json] = [json.loads(line) for line in SAMPLES.read_text(encoding="utf-8").splitlines()]

STATUSES = {11: 422, 19: 400}
"""For the lines that were quoted without a status: what such a body comes with."""


def response_of(index: int, reply: Json) -> Response:
    status = reply["status"] if reply["status"] is not None else STATUSES[index]
    return Response(status, tuple(reply.get("headers", {}).items()), reply["body"].encode())


def slug_of(reply: Json) -> str:
    named = re.search(r"(?:channels/|slug=)([\w-]+)", reply["url"])
    return named[1] if named is not None else SLUG


def got(result: object, path: str) -> object:
    for name in path.split("."):
        result = result[int(name)] if isinstance(result, tuple) else attrgetter(name)(result)
    return result


def test_every_line_has_its_row_and_every_row_its_line() -> None:
    assert len(REPLIES) == len(ROWS)
    unstated = [index for index, reply in enumerate(REPLIES) if reply["status"] is None]
    assert unstated == list(STATUSES)


@pytest.mark.parametrize("index", range(len(ROWS)), ids=[row.name for row in ROWS])
def test_a_recorded_reply_becomes_what_its_row_says(index: int) -> None:
    row, reply = ROWS[index], REPLIES[index]
    response = response_of(index, reply)
    assert response.status == row.status
    call = row.ask(slug_of(reply)) if row.ask is not None else None
    result = outcome(call, response)
    if isinstance(row.becomes, Outcome) or row.becomes is None:
        assert result is row.becomes
        return
    assert type(result) is type(row.becomes)
    check_values(row, result, json.loads(reply["body"]))


def check_values(row: Row, result: object, body: Json) -> None:
    if not row.places:
        assert result in (body, ())
        return
    for path, place in row.places.items():
        wanted = found(body, place) if isinstance(place, str) else place(body)
        assert got(result, path) == wanted, path

import json
import re
import signal
import socket
import sys

import httpcore
import pytest

from kick_proto.testing.site.apps import APP
from tests.cli.processes import Running, kick

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")


def test_it_serves_what_the_command_that_it_names_can_watch() -> None:
    arguments = ("--port", "0", "--rate", "200", "--seed", "7", "--channel", "12:34", "--personality", "reverb")
    with Running("mock", "serve", *arguments) as mock:
        told = mock.error(lambda line: "kick watch" in line)
        url = re.match(r"ws://127\.0\.0\.1:[0-9]+", told)
        assert url is not None
        assert told.endswith(f"kick watch 12:34 --endpoint {url[0]}")
        http_url = url[0].replace("ws:", "http:")
        assert f"{http_url} has /api, /site, /web and /id" in told
        page = httpcore.request("GET", f"{http_url}/site/api/v2/channels/channel-12")
        assert json.loads(page.content)["chatroom"]["id"] == 34
        with Running("watch", "12:34", "--endpoint", url[0], "--json") as watching:
            message = watching.event("ChatMessage")
            assert (message["channel"]["channel_id"], message["channel"]["chatroom_id"]) == (12, 34)
            mock.interrupt(signal.SIGINT)
            assert watching.event("Down")["code"] == 1001
        ended = mock.end()
        assert (ended.code, ended.out) == (0, "")
        first, entrance = ended.err.splitlines()
        assert first == told
        assert "test secret" in entrance
        assert entrance.endswith(f"kick login --client-id {APP.client_id} --site {http_url}")
        assert f"KICK_CLIENT_SECRET={APP.client_secret.reveal()} " in entrance


def test_it_may_be_silent_and_faulty() -> None:
    with Running("mock", "serve", "--port", "0", "--rate", "0", "--faults", "--activity-timeout", "5") as mock:
        url = mock.error(lambda line: "ws://" in line).split()[0]
        with Running("watch", "668:668", "--endpoint", url, "--json") as watching:
            watching.event("Up")
            assert watching.event("Unknown")["topic"] == "chatrooms.668.v2"  # before its confirmation: a fault
        assert not [line for line in watching.lines if "ChatMessage" in line]
        mock.interrupt(signal.SIGTERM)
        assert mock.end().code == 0


def test_a_port_in_use_is_told_in_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = kick("mock", "serve", "--port", str(taken.getsockname()[1]))
    assert ended.code == 1
    assert "is in use by another program" in ended.err
    assert ended.err.count("\n") == 1

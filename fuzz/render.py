"""What ``kick watch`` prints of events: nothing that a terminal obeys, whole lines of JSON, styles that are some.

An input is inputs of ``decoders`` with NULs between them.
"""

import json
import unicodedata

from rich.style import Style

from fuzz.decoders import CHANNEL, DECODE, MOMENT, frame_of
from kick_io.cli.output import jsonlines
from kick_io.cli.output.render import Renderer
from kick_proto.frames import Frame
from kick_proto.ids import Channel, ChannelId, ChatroomId

__all__ = ["check", "seed"]

CHANNELS = (CHANNEL, Channel(ChannelId(33), ChatroomId(44), "owl"))
MOST_FRAMES = 9
FORBIDDEN = {"Cc", "Cs", "Zl", "Zp"}
"""Controls, lone surrogates, ends of lines and paragraphs, by their category in Unicode."""
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def check(data: bytes) -> None:
    renderer = Renderer(CHANNELS)
    for part in data.split(b"\0")[:MOST_FRAMES]:
        frame = frame_of(part)
        event = DECODE(frame, MOMENT, CHANNEL)
        for text, style in renderer.line(event, MOMENT):
            assert not TURNING & set(text), text
            assert not FORBIDDEN & set(map(unicodedata.category, text)), text
            Style.parse(style)
        line = jsonlines.line(event, MOMENT, "with raw")
        assert line.isascii()
        assert line.isprintable()
        assert json.loads(line)["raw"]["event"] == frame.event


def seed(frame: Frame) -> bytes:
    return f"{frame.event}\n{frame.data}".encode()

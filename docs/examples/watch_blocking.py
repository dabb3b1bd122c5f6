"""Archive everything that happens on two channels, in a plain program: one JSON line an event, nothing lost unseen."""

import sys
from typing import TextIO

import msgspec

from kick_io.blocking import connect
from kick_proto.ids import Channel, ChannelId, ChatroomId
from kick_proto.session import Config

CHANNELS = (Channel(ChannelId(668), ChatroomId(668)), Channel(ChannelId(25501), ChatroomId(25500)))


def main(config: Config | None = None, out: TextIO = sys.stdout) -> None:
    encode = msgspec.json.Encoder().encode
    with connect(*CHANNELS, config=config) as kick:
        for batch in kick.batches():
            # Up and Down stand among the events, so the archive shows its own gaps.
            out.writelines(encode(event).decode() + "\n" for event in batch)
            out.flush()


if __name__ == "__main__":
    main()

"""What a server sends, as bytes: frames built by hand, and streams of them for Hypothesis, legal, broken and mad."""

import itertools
import struct
from collections.abc import Callable, Iterator, Sequence

from hypothesis import strategies as st

MASK = bytes.fromhex("37fa213d")
FOX = "\N{FOX FACE}"
SIZES = (0, 1, 125, 126, 127, 65535, 65536, 1 << 20)
"""One payload length for each side of each border between the forms of a header."""


def frame(first: int, payload: bytes = b"", *, masked: int = 0) -> bytes:
    """A frame as a server sends it; ``masked`` is the mask bit, which it must not set."""
    size = len(payload)
    if size < 126:
        header = struct.pack("!BB", first, masked | size)
    elif size < 65536:
        header = struct.pack("!BBH", first, masked | 126, size)
    else:
        header = struct.pack("!BBQ", first, masked | 127, size)
    return header + (MASK if masked else b"") + payload


def closing(code: int, reason: bytes = b"") -> bytes:
    return frame(0x88, struct.pack("!H", code) + reason)


def split(data: bytes, sizes: Sequence[int]) -> Iterator[bytes]:
    """Cut into reads of these sizes, over and over; no sizes: one read."""
    ends = itertools.accumulate(itertools.cycle(sizes)) if sizes else iter([len(data)])
    start = 0
    while start < len(data):
        end = next(ends)
        yield data[start:end]
        start = end


payloads = st.one_of(
    st.text(max_size=12).map(str.encode),
    st.text(st.sampled_from(["a", "é", "€", FOX]), max_size=70).map(str.encode),
    st.sampled_from(SIZES[:-1]).map(lambda size: b"x" * size),
    st.sampled_from(SIZES[2:-1]).map(lambda size: FOX.encode() * (size // 4)),
)
controls = st.builds(frame, st.sampled_from([0x89, 0x8A]), st.binary(max_size=9) | st.just(b"p" * 125))
closes = st.one_of(
    st.just(frame(0x88)),
    st.builds(closing, st.integers(0, 65535), st.text(max_size=30).map(str.encode)),
    st.builds(closing, st.sampled_from([999, 1000, 1003, 1004, 1005, 1006, 1014, 1015, 1016, 3000, 4001, 4999, 5000])),
)


@st.composite
def fragmented(draw: st.DrawFn) -> list[bytes]:
    """One message in fragments, cut anywhere (also within a character), with control frames between them."""
    opcode, payload = draw(st.tuples(st.just(1), payloads) | st.tuples(st.just(2), st.binary(max_size=40)))
    cuts = sorted(draw(st.lists(st.integers(0, len(payload)), min_size=1, max_size=4)))
    frames: list[bytes] = []
    for start, end in itertools.pairwise([0, *cuts]):
        frames += [frame(0 if frames else opcode, payload[start:end]), *draw(st.lists(controls, max_size=2))]
    return [*frames, frame(0x80, payload[cuts[-1] :])]


legal = st.one_of(
    st.builds(frame, st.just(0x81), payloads).map(lambda one: [one]),
    st.builds(frame, st.just(0x82), st.binary(max_size=40)).map(lambda one: [one]),
    controls.map(lambda one: [one]),
    fragmented(),
)
illegal = st.one_of(
    st.builds(frame, st.integers(0, 255), st.binary(max_size=9) | st.just(b"x" * 130)),
    st.builds(frame, st.sampled_from([0x01, 0x81, 0x80, 0x89, 0xC1]), payloads, masked=st.just(128)),
    st.builds(frame, st.sampled_from([0x01, 0x81, 0x80, 0x00]), st.binary(max_size=40)),
    st.builds(frame, st.sampled_from([0x88, 0x89, 0x8A]), st.sampled_from([b"p" * 126, b"p" * 65536])),
    st.integers(0, 125).map(lambda size: struct.pack("!BBH", 0x81, 126, size) + b"x" * size),
    st.integers(0, 300).map(lambda size: struct.pack("!BBQ", 0x81, 127, size) + b"x" * size),
    st.builds(struct.pack, st.just("!BBQ"), st.just(0x82), st.just(127), st.integers(1 << 62, (1 << 64) - 1)),
    st.sampled_from([frame(0x88, b"\x03"), frame(0x08, b"\x03\xe8"), closing(1000, b"\xff"), frame(0x81, b"\xf0\x9f")]),
)
legal_streams = st.builds(
    lambda items, last: [*itertools.chain.from_iterable(items), *last],
    st.lists(legal, max_size=6),
    st.lists(closes | controls, max_size=2),
)
Mutation = Callable[[bytes], bytes]
places = st.floats(0, 1, exclude_max=True)
mutations: st.SearchStrategy[Mutation] = st.one_of(
    st.builds(lambda at, bit: lambda data: flip(data, int(at * len(data)), bit), places, st.integers(0, 7)),
    st.builds(lambda at: lambda data: data[: int(at * len(data))], places),
    st.builds(
        lambda at, more: lambda data: data[: int(at * len(data))] + more + data[int(at * len(data)) :],
        places,
        st.binary(min_size=1, max_size=6),
    ),
)


def flip(data: bytes, at: int, bit: int) -> bytes:
    return data[:at] + bytes(byte ^ 1 << bit for byte in data[at : at + 1]) + data[at + 1 :]


@st.composite
def broken_streams(draw: st.DrawFn) -> bytes:
    """Legal frames with illegal ones among them, and then bits flipped, bytes inserted, the tail cut off."""
    frames = draw(legal_streams)
    for bad in draw(st.lists(illegal, max_size=2)):
        frames.insert(draw(st.integers(0, len(frames))), bad)
    stream = b"".join(frames)
    for mutate in draw(st.lists(mutations, max_size=3)):
        stream = mutate(stream)
    return stream


noise = st.binary(max_size=60) | st.lists(
    st.sampled_from([0x00, 0x01, 0x02, 0x7D, 0x7E, 0x7F, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8A, 0x03, 0x41, 0xC1, 0xE8]),
    max_size=60,
).map(bytes)
read_sizes = st.one_of(
    st.sampled_from([(), (1,), (2,), (3, 1)]),
    st.lists(st.integers(1, 9), min_size=1, max_size=8),
    st.lists(st.integers(1, 300), min_size=1, max_size=8),
)

"""What happens to recordings as files, and what of them must still be readable afterwards.

A disk that is full ends a file at any byte; a copy that went wrong loses, doubles and swaps lines, or mixes others in;
a program of another version wrote it; somebody's own tool wrote wrong types. What is left is known from what was done,
not from reading: so a reader can be asked for every line that is left, and to name every one that is not.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias, cast

import msgspec
from hypothesis import strategies as st

from kick_proto.recording.lines import FORMAT, LONGEST_LINE, Header, Line, Part, encode_line
from kick_proto.recording.transcript import Numbered
from kick_proto.testing.strategies.recordings import Recorded, transcripts
from kick_proto.testing.strategies.values import named

__all__ = ["Damaged", "damaged_transcripts"]

GARBAGE = (
    b"?\n",
    b"{}\n",
    b"[]\n",
    b"null\n",
    b"\xff\xfe\n",
    b"\x00" * 512 + b"\n",
    b"[" * 100_000 + b"\n",
    b'{"line":"later","at":0.0}\n',
    b'{"line":"timeout","at":1e999}\n',
    b'{"line":"timeout","at":0.0}{"line":"timeout","at":0.0}\n',
    b'{"line":"unfinished\n',
    b"?" * (LONGEST_LINE + 1) + b"\n",
)
"""Lines that are none, each in a way of its own."""
GAPS = (b"\n", b"\r\n", b" \t\n")
"""Lines that hold nothing, which are passed over."""


class Damaged(msgspec.Struct, frozen=True):
    """A damaged recording, and what ``kick_proto.recording.transcript.read`` must make of it.

    Of ``lines``, the last may lack its end. ``readable`` are all that must be read but the header, by their numbers in
    the file; ``faults`` are the numbers of the lines that must be named: more than once, where there is more to say.
    """

    lines: tuple[bytes, ...]
    header: Header | None
    readable: tuple[Numbered, ...]
    faults: tuple[int, ...]


class _Cell(msgspec.Struct, frozen=True):
    """A line of the file: what it says (None: nothing that is a recording's), and how often even that must be named.

    Of a line in parts, ``count`` is how many there are, ``place`` which of them this is, and ``whole`` all of them, to
    tell whose it is; what they say together stands in each.
    """

    raw: bytes
    line: Line | None = None
    strange: int = 0
    count: int = 1
    place: int = 1
    whole: bytes = b""

    @property
    def is_blank(self) -> bool:
        return not self.raw.strip()


def damaged_transcripts(whole: st.SearchStrategy[Recorded] | None = None) -> st.SearchStrategy[Damaged]:
    """Recordings of ``whole``, or of ``transcripts()``, to which up to five damages have happened.

    Lines are lost, doubled, swapped, mixed with others, joined to the next one, or say another type than they may; the
    header is of another version; blank lines stand in between; at last the file ends at any byte. Shrinks to little
    damage, and at last to none.
    """
    numbers = st.integers(0, 2**16)
    drawn = st.builds(
        _damaged,
        transcripts() if whole is None else whole,
        st.sampled_from(VERSIONS),
        st.lists(st.tuples(st.sampled_from(DAMAGES), numbers, numbers), max_size=5),
        st.lists(st.tuples(numbers, st.sampled_from(GAPS)), max_size=2),
        st.just(0) | st.integers(0, 2**24),
    )
    return named("damaged_transcripts", drawn)


def _damaged(
    recorded: Recorded,
    version: "Version",
    damages: Sequence[tuple["Damage", int, int]],
    gaps: Sequence[tuple[int, bytes]],
    lost: int,
) -> Damaged:
    first, *others = _cells(recorded.lines)
    cells = _done([version(cast(Header, first.line)), *others], damages)
    size = sum(map(len, recorded.lines))
    return _outcome(_cut(_gaping(cells, gaps), lost % (size + 1)))


def _cells(lines: Sequence[bytes]) -> list[_Cell]:
    """The lines of a sound recording, each with what it says."""
    cells: list[_Cell] = []
    parts: list[Part] = []
    raws: list[bytes] = []
    for raw in lines:
        row = msgspec.json.decode(raw, type=Line | Part)
        if not isinstance(row, Part):
            cells.append(_Cell(raw, row))
            continue
        parts.append(row)
        raws.append(raw)
        if row.last:
            told = msgspec.json.decode("".join(part.text for part in parts), type=Line)
            together = b"".join(raws)
            for place, each in enumerate(raws, 1):
                cells.append(_Cell(each, told, count=len(raws), place=place, whole=together))
            parts, raws = [], []
    return cells


# What happens to lines: each is given two numbers, to choose by.


def _lose(cells: list[_Cell], where: int, how: int) -> None:
    """One line, or a few in a row."""
    del cells[where : where + 1 + how % 3]


def _double(cells: list[_Cell], where: int, how: int) -> None:
    cells.insert(how % (len(cells) + 1), cells[where])


def _swap(cells: list[_Cell], where: int, how: int) -> None:
    other = how % len(cells)
    cells[where], cells[other] = cells[other], cells[where]


def _litter(cells: list[_Cell], where: int, how: int) -> None:
    cells.insert(where, _Cell(GARBAGE[how % len(GARBAGE)]))


def _glue(cells: list[_Cell], where: int, how: int) -> None:
    """The end of a line is lost, with as much before it as ``how`` says but not all, and the next one stands there."""
    if where + 1 < len(cells):
        raw = cells[where].raw.rstrip(b"\n")
        cells[where : where + 2] = [_Cell(raw[: 1 + how % len(raw)] + cells[where + 1].raw)]


def _mistype(cells: list[_Cell], where: int, how: int) -> None:
    """One of its fields has a type that it may not have."""
    if cells[where].line is not None:
        row = msgspec.json.decode(cells[where].raw)
        name = sorted(row)[how % len(row)]
        row[name] = 7 if isinstance(row[name], dict | list) else {"wrong": [True]}
        cells[where] = _Cell(msgspec.json.encode(row) + b"\n")


Damage: TypeAlias = Callable[[list[_Cell], int, int], None]
DAMAGES: tuple[Damage, ...] = (_lose, _double, _swap, _litter, _glue, _mistype)


def _done(cells: list[_Cell], damages: Sequence[tuple[Damage, int, int]]) -> list[_Cell]:
    for damage, where, how in damages:
        if cells:
            damage(cells, where % len(cells), how)
    return cells


def _gaping(cells: list[_Cell], gaps: Sequence[tuple[int, bytes]]) -> list[_Cell]:
    for where, gap in gaps:
        cells.insert(where % (len(cells) + 1), _Cell(gap))
    return cells


def _cut(cells: list[_Cell], lost: int) -> list[_Cell]:
    """The file without its last bytes. A line that lacks nothing but its end says what it said."""
    while cells and lost > 0:
        last = cells.pop()
        kept = last.raw[:-lost]
        lost -= len(last.raw)
        if kept:
            whole = kept == last.raw[:-1]
            cells.append(msgspec.structs.replace(last, raw=kept) if whole else _Cell(kept))
    return cells


# Whose header it is


def _of_this_version(header: Header) -> _Cell:
    return _Cell(_encoded(header), header)


def _of_later_format(header: Header) -> _Cell:
    later = msgspec.structs.replace(header, format=FORMAT + 1)
    return _Cell(_encoded(later), later, strange=1)


def _of_other_level(header: Header) -> _Cell:
    other = msgspec.structs.replace(header, level="bytes")
    return _Cell(_encoded(other), other, strange=1)


def _of_no_format(header: Header) -> _Cell:
    return _Cell(_encoded(msgspec.structs.replace(header, format=0)))


Version: TypeAlias = Callable[[Header], _Cell]
VERSIONS: tuple[Version, ...] = (_of_this_version, _of_later_format, _of_other_level, _of_no_format)


def _encoded(header: Header) -> bytes:
    return b"".join(encode_line(header))


# What is left


def _outcome(cells: Sequence[_Cell]) -> Damaged:
    header: Header | None = None
    readable: list[Numbered] = []
    faults: list[int] = []
    held: list[_Cell] = []
    number = 0
    for number, cell in enumerate(cells, 1):
        if cell.is_blank:
            continue
        if cell.line is None:
            faults.append(number)
            continue
        if held and not _follows(held[-1], cell):
            # The parts before it are lost, and so is this one, if it is not the first of its line.
            held = []
            faults.append(number)
        elif not held and cell.place > 1:
            faults.append(number)
        if cell.place > len(held) + 1:
            continue
        if cell.place < cell.count:
            held.append(cell)
            continue
        held = []
        if not isinstance(cell.line, Header):
            readable.append(Numbered(number, cell.line))
        elif header is None and not readable:
            header = cell.line
            faults += [number] * cell.strange
        else:
            faults.append(number)
    if held:
        faults.append(number)
    if header is None:
        faults.insert(0, 1)
    return Damaged(tuple(cell.raw for cell in cells), header, tuple(readable), tuple(faults))


def _follows(before: _Cell, cell: _Cell) -> bool:
    return before.whole == cell.whole and before.place + 1 == cell.place

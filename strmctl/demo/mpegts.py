"""A transport stream is cut only where a decoder can start: tables, then a random-access picture.

Packets, adaptation fields, PAT, PMT and PES headers: ISO/IEC 13818-1 sections 2.4.3 and 2.4.4.
What a Media Segment must begin with: RFC 8216 section 3.2.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

PACKET_BYTES = 188
_SYNC = 0x47
_PAT_PID = 0
_LAST_TABLE_PID = 0x1F
_VIDEO_TYPES = frozenset({0x01, 0x02, 0x10, 0x1B, 0x24})
_CRC_BYTES = 4
_TICKS_PER_SECOND = 90_000
_TICKS_WRAP = 1 << 33


class Segment(Struct, frozen=True):
    """A piece of the stream that plays on its own for `seconds`."""

    data: bytes
    seconds: float


class Packet(Struct, frozen=True):
    """`starts_unit` says that a section or a PES packet begins in `payload`."""

    pid: int
    starts_unit: bool
    random_access: bool
    payload: bytes


class _Program(Struct, frozen=True):
    table_pid: int
    video_pid: int


class _Entry(Struct, frozen=True):
    """A place to start: the index of the first table's packet, the picture's time in ticks."""

    index: int
    ticks: int


def cut(stream: bytes, seconds: float) -> Sequence[Segment]:
    """Segments of `seconds` or as little more as possible; joined they are the stream again.

    Raises ValueError for what is not a transport stream with one video, or one that does not
    begin with its tables and a random-access picture.
    """
    packets = tuple(read_packets(stream))
    program = _program(packets)
    entries = tuple(_entries(packets, program))
    if not entries or entries[0].index != 0:
        raise ValueError("the stream does not begin with its tables and a random-access picture")
    starts = tuple(_spaced(entries, int(seconds * _TICKS_PER_SECOND)))
    ends = (*starts[1:], _Entry(len(packets), _end_ticks(packets, program)))
    return tuple(
        Segment(
            stream[start.index * PACKET_BYTES : end.index * PACKET_BYTES],
            _elapsed(start.ticks, end.ticks) / _TICKS_PER_SECOND,
        )
        for start, end in zip(starts, ends, strict=True)
    )


def read_packets(stream: bytes) -> Iterator[Packet]:
    """Raises ValueError where a packet is incomplete or has lost its sync byte."""
    if len(stream) % PACKET_BYTES:
        raise ValueError(f"the stream is not a whole number of packets: {len(stream)} bytes")
    for offset in range(0, len(stream), PACKET_BYTES):
        packet = stream[offset : offset + PACKET_BYTES]
        # ISO/IEC 13818-1 section 2.4.3.3: every packet begins with 0x47.
        if packet[0] != _SYNC:
            raise ValueError(f"no sync byte at {offset}")
        yield _packet(packet)


def _packet(packet: bytes) -> Packet:
    has_adaptation, has_payload = packet[3] & 0x20, packet[3] & 0x10
    adaptation_bytes = 1 + packet[4] if has_adaptation else 0
    return Packet(
        pid=(packet[1] & 0x1F) << 8 | packet[2],
        starts_unit=bool(packet[1] & 0x40),
        random_access=adaptation_bytes > 1 and bool(packet[5] & 0x40),
        payload=packet[4 + adaptation_bytes :] if has_payload else b"",
    )


def _program(packets: Sequence[Packet]) -> _Program:
    """The first program of the first PAT, and the video of its first PMT."""
    programs = _numbers_to_pids(_first_section(packets, _PAT_PID))
    # Program 0 is the network's table (ISO/IEC 13818-1 section 2.4.4.5).
    table_pid = next((pid for number, pid in programs.items() if number), None)
    if table_pid is None:
        raise ValueError("the PAT names no program")
    video_pid = _video_pid(_first_section(packets, table_pid))
    if video_pid is None:
        raise ValueError("the PMT names no video")
    return _Program(table_pid, video_pid)


def _first_section(packets: Sequence[Packet], pid: int) -> bytes:
    """The section's bytes without its checksum; sections here fit one packet."""
    for packet in packets:
        if packet.pid == pid and packet.starts_unit:
            section = packet.payload[1 + packet.payload[0] :]
            length = 3 + ((section[1] & 0x0F) << 8 | section[2])
            return section[: length - _CRC_BYTES]
    raise ValueError(f"no table has PID {pid}")


def _numbers_to_pids(pat: bytes) -> Mapping[int, int]:
    return {
        pat[at] << 8 | pat[at + 1]: (pat[at + 2] & 0x1F) << 8 | pat[at + 3]
        for at in range(8, len(pat) - 3, 4)
    }


def _video_pid(pmt: bytes) -> int | None:
    at = 12 + ((pmt[10] & 0x0F) << 8 | pmt[11])
    while at + 5 <= len(pmt):
        if pmt[at] in _VIDEO_TYPES:
            return (pmt[at + 1] & 0x1F) << 8 | pmt[at + 2]
        at += 5 + ((pmt[at + 3] & 0x0F) << 8 | pmt[at + 4])
    return None


def _entries(packets: Sequence[Packet], program: _Program) -> Iterator[_Entry]:
    """Where a PAT and a PMT stand directly before a random-access picture."""
    tables: set[int] = set()
    first_table = 0
    for index, packet in enumerate(packets):
        if packet.pid <= _LAST_TABLE_PID or packet.pid == program.table_pid:
            first_table = first_table if tables else index
            tables.add(packet.pid)
            continue
        is_picture = packet.pid == program.video_pid and packet.random_access
        if is_picture and tables >= {_PAT_PID, program.table_pid}:
            ticks = _presentation_ticks(packet)
            if ticks is not None:
                yield _Entry(first_table, ticks)
        # RFC 8216 section 3.2: PAT and PMT at the start of each segment, so both go along.
        tables.clear()


def _spaced(entries: Sequence[_Entry], ticks: int) -> Iterator[_Entry]:
    last = entries[0]
    yield last
    for entry in entries[1:]:
        if _elapsed(last.ticks, entry.ticks) >= ticks:
            yield entry
            last = entry


# B pictures come in another order than they are shown.
def _end_ticks(packets: Sequence[Packet], program: _Program) -> int:
    """When the last picture ends, if it lasts as long as the one before."""
    pictures = (packet for packet in packets if packet.pid == program.video_pid)
    times = [ticks for ticks in map(_presentation_ticks, pictures) if ticks is not None]
    by_elapsed = sorted(times, key=lambda ticks: _elapsed(times[0], ticks))
    return by_elapsed[-1] + (_elapsed(*by_elapsed[-2:]) if len(by_elapsed) > 1 else 0)


def _presentation_ticks(packet: Packet) -> int | None:
    """The PTS of the PES packet that begins here, in 90 kHz ticks."""
    pes = packet.payload
    if not packet.starts_unit or len(pes) < 14 or not pes[7] & 0x80:
        return None
    high, middle, low = pes[9] >> 1 & 0x07, pes[10] << 8 | pes[11], pes[12] << 8 | pes[13]
    return high << 30 | middle >> 1 << 15 | low >> 1


def _elapsed(start: int, end: int) -> int:
    # A PTS has 33 bits and begins again after 26.5 hours.
    return (end - start) % _TICKS_WRAP

"""ffmpeg plays at the pace of the upstream: each segment is half sent until the test lets it go.

What happens meanwhile happens in mid-play, however slow the machine is. The segments are encrypted,
since ffmpeg asks for such a one only when it has the one before as a whole.
"""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from stage.players import Played, play_with_ffmpeg
from stage.routes import PLAYLIST_TYPE, Gate, file
from stage.show import Show
from stage.upstream import Answer, Request
from stage.waiting import until

_LIST, _KEY = "list.m3u8", "secret.key"
_TYPE = {"Content-Type": "video/mp2t"}


@dataclass(frozen=True, slots=True)
class Film:
    """Pictures and sound in a folder, in segments of 2 s that a key encrypts; what plays it."""

    folder: Path
    count: int
    executable: str

    def name(self, number: int) -> str:
        return f"piece{number}.ts"

    def play_here(self) -> Played:
        """Without anything between."""
        options = ["-allowed_extensions", "ALL"]
        there = str(self.folder / _LIST)
        return play_with_ffmpeg(self.executable, there, 0.0, options, 90 + 2 * self.count)


def new_film(folder: Path, seconds: int, executable: str = "ffmpeg") -> Film:
    folder.mkdir()
    (folder / _KEY).write_bytes(b"sixteen of bytes")
    (folder / "key.info").write_text(f"{_KEY}\n{folder / _KEY}\n{'01' * 16}\n")
    pictures = ["-f", "lavfi", "-i", f"testsrc=size=320x180:rate=25:duration={seconds}"]
    sound = ["-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}"]
    codecs = "-c:v libx264 -preset ultrafast -g 50 -sc_threshold 0 -pix_fmt yuv420p -c:a aac"
    cut = "-f hls -hls_time 2 -hls_playlist_type vod -hls_segment_filename piece%d.ts"
    command = ["ffmpeg", "-nostdin", "-v", "error", *pictures, *sound, *codecs.split()]
    command += [*cut.split(), "-hls_key_info_file", "key.info", _LIST]
    subprocess.run(command, cwd=folder, check=True)
    return Film(folder, seconds // 2, executable)


@dataclass(slots=True)
class Paced:
    """`faults` happen when such a segment is first asked for, before any of it is answered."""

    show: Show
    film: Film
    playing: "Future[Played]" = field(init=False)
    faults: dict[int, Callable[[Request], None]] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)
    asked_by: str = ""
    """The address of whoever asked last."""
    _gates: list[Gate] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.show.entry = _LIST
        text = (self.film.folder / _LIST).read_bytes()
        self.show.routes[_LIST] = file(text, media_type=PLAYLIST_TYPE)
        self.show.routes[_KEY] = file((self.film.folder / _KEY).read_bytes())
        for number in range(self.film.count):
            self._put(number, self.film.name(number))

    def _put(self, number: int, name: str) -> None:
        content = (self.film.folder / name).read_bytes()
        gate = Gate(content, len(content) // 2, _TYPE)
        self._gates.append(gate)

        def route(request: Request) -> Answer:
            if fault := self.faults.pop(number, None):
                fault(request)
            self.asked_by = request.sender
            self.asked.append(number)
            return gate(request)

        self.show.routes[name] = route

    def until_asked(self, number: int, times: int = 1) -> None:
        """For this segment: all before it have been read as a whole, and none behind it."""

        def is_asked() -> bool:
            assert not self.playing.done(), self.playing.result()
            return self.asked.count(number) >= times

        until(is_asked, f"segment {number} is asked for", 120)
        assert max(self.asked) == number

    def let_go(self, number: int) -> None:
        self._gates[number].open()

    def let_all_go(self) -> None:
        for gate in self._gates:
            gate.open()

    def result(self) -> Played:
        """What was played, once nothing is held back any more."""
        self.let_all_go()
        return self.playing.result()


@contextmanager
def paced(show: Show, film: Film, url: str, options: Sequence[str] = ()) -> Iterator[Paced]:
    """ffmpeg plays this URL of the show while the block runs."""
    made = Paced(show, film)
    limit = 240 + 2 * film.count
    with ThreadPoolExecutor(1, "ffmpeg") as pool:
        made.playing = pool.submit(play_with_ffmpeg, film.executable, url, 0.0, options, limit)
        try:
            yield made
        finally:
            made.let_all_go()

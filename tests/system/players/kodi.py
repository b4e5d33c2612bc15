"""Kodi as a viewer has it: a screen, a sound card, a `.strm` file opened, the clock watched.

Screen and sound card are Xvfb and PulseAudio's null sink. Kodi plays in real time and tells no
frames: what counts is how far its clock comes.
"""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from stage.waiting import free_port, until
from system.players.counted import Counted

_BEGINS, _STALLED, _GONE = 60.0, 20.0, 2.0
_SETTINGS = """\
<settings version="2">
    <setting id="services.webserver">true</setting>
    <setting id="services.webserverport">{port}</setting>
    <setting id="services.webserverauthentication">false</setting>
    <setting id="services.zeroconf">false</setting>
    <setting id="services.esenabled">false</setting>
    <setting id="general.addonupdates">2</setting>
</settings>
"""
_SOURCES = """\
<sources><video><default pathversion="1"></default>
<source><name>strm</name><path pathversion="1">{source}/</path></source>
</video></sources>
"""
_PULSEAUDIO = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1"]
_PULSEAUDIO += ["--load=module-null-sink", "--load=module-native-protocol-unix"]


@dataclass(frozen=True, slots=True)
class Kodi:
    client: httpx.Client
    home: Path

    def log(self) -> str:
        return (self.home / ".kodi" / "temp" / "kodi.log").read_text(errors="replace")

    def play(self, strm: Path, start: float) -> Counted:
        """From `start` to the end; the seconds that the clock went on."""
        self._stop()
        self._ask("Player.Open", item={"file": str(strm)})
        if not self._moves_from(0.1):
            return Counted(None, 0.0)
        if start:
            self._ask("Player.Seek", playerid=1, value={"time": {"seconds": int(start)}})
            assert self._moves_from(start), "Kodi seeks"
        return Counted(None, self._watch() - start)

    def _stop(self) -> None:
        """What was played before may still be closing; its end is not the next one's."""
        self._ask("Player.Stop", playerid=1)
        until(lambda: not self._is_playing(), "Kodi has stopped")

    def _moves_from(self, position: float) -> bool:
        """Whether the clock is seen at two moments behind `position`.

        One look is not enough: as a play begins, the clock may still stand where the last one has
        left it.
        """
        seen = self._clock()

        def moves() -> bool:
            nonlocal seen
            before, seen = seen, self._clock()
            return position < before < seen

        try:
            until(moves, "Kodi's clock runs", _BEGINS)
        except TimeoutError:
            return False
        return True

    def _watch(self) -> float:
        """The highest the clock shows until Kodi has no player, or it stands still too long."""
        highest, moved = self._clock(), time.monotonic()

        def ended() -> bool:
            nonlocal highest, moved
            clock = self._clock()
            if clock > highest:
                highest, moved = clock, time.monotonic()
            # One look without a player is no end: Kodi may be opening the next of its streams.
            return time.monotonic() - moved > (_STALLED if self._is_playing() else _GONE)

        until(ended, "Kodi comes to an end", 120)
        self._stop()
        return highest

    def _is_playing(self) -> bool:
        return bool(self._ask("Player.GetActivePlayers")["result"])

    def _clock(self) -> float:
        """Seconds; 0 where nothing plays, and while a play begins and shows nonsense."""
        answer = self._ask("Player.GetProperties", playerid=1, properties=["time", "totaltime"])
        properties = answer.get("result", {})
        clock, total = (_seconds(properties.get(name, {})) for name in ("time", "totaltime"))
        return clock if clock <= total else 0.0

    def _ask(self, method: str, **params: object) -> dict[str, Any]:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer: dict[str, Any] = self.client.post("/jsonrpc", json=request).json()
        return answer


def _seconds(moment: Mapping[str, int]) -> float:
    unit = {"hours": 3600.0, "minutes": 60.0, "seconds": 1.0, "milliseconds": 0.001}
    return sum(number * unit[name] for name, number in moment.items())


@contextmanager
def running_kodi(home: Path, source: Path | None = None) -> Iterator[Kodi]:
    """`home` is new: Kodi's settings, log and add-ons are below it. `source` is among its videos:
    Kodi cleans away nothing that is in no source."""
    port, runtime = free_port(), home / "run"
    settings = home / ".kodi" / "userdata" / "guisettings.xml"
    settings.parent.mkdir(parents=True)
    settings.write_text(_SETTINGS.format(port=port))
    if source is not None:
        (settings.parent / "sources.xml").write_text(_SOURCES.format(source=source))
    runtime.mkdir(mode=0o700)
    environ = {**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(runtime)}
    with ExitStack() as stack:
        environ["DISPLAY"] = stack.enter_context(_screen(home / "xvfb.log"))
        stack.enter_context(_process(_PULSEAUDIO, home / "pulseaudio.log", environ))
        until((runtime / "pulse" / "native").exists, "PulseAudio listens")
        client = stack.enter_context(
            httpx.Client(
                base_url=f"http://127.0.0.1:{port}", trust_env=False, verify=False, timeout=30
            )
        )
        command = [_executable(), "--windowing=x11", "--audio-backend=pulseaudio"]
        stack.enter_context(_process(command, home / "kodi.log", environ))
        until(lambda: _answers(client), "Kodi answers", 120)
        yield Kodi(client, home)


def _executable() -> str:
    """The program itself: /usr/bin/kodi is a script that would outlive it."""
    [program] = Path("/usr/lib").glob("*/kodi/kodi.bin")
    return str(program)


@contextmanager
def _screen(log: Path) -> Iterator[str]:
    """An X server on a free display; its name."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "320x240x24"]
    with _process([*command, "-nolisten", "tcp"], log, os.environ, pass_fds=(writing,)):
        os.close(writing)
        with os.fdopen(reading) as pipe:
            yield f":{pipe.readline().strip()}"


@contextmanager
def _process(
    command: list[str], log: Path, environ: Mapping[str, str], pass_fds: tuple[int, ...] = ()
) -> Iterator[None]:
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=pass_fds,
        ) as process,
    ):
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/jsonrpc").status_code == 200
    except httpx.TransportError:
        return False

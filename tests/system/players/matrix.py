"""The player matrix: what each player makes of each form, straight from nginx and proxied.

The default is everything; what is less stands here with its reason. The tests are strict both
ways, and `docs/players.md` holds `as_markdown()`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from system.players.counted import NOTHING, Counted
from system.players.forms import FORMS, Form

WHOLE, FROM_12_S = Counted(600, 24.0), Counted(300, 12.0)
HLS_JS, KODI = "hls.js", "Kodi"
DECODERS = (
    *("ffmpeg 5.1.9", "ffmpeg 8.1.2", "ffmpeg 9.0.2", "PyAV 15.1"),
    *("mpv", "VLC", "GStreamer", "streamlink"),
)
PLAYERS = (*DECODERS, HLS_JS, KODI)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Sound comes in blocks, and some players fill its end with silence."""

    reason: str
    frames: int = 0
    seconds: float = 0.3


TOLERANCES: Mapping[tuple[str, str], Tolerance] = {
    ("VLC", "MP4 from 12 s"): Tolerance("now and then it shows the picture before, too", frames=1),
    **{(KODI, form): Tolerance("its clock stops up to 1 s early", seconds=1.0) for form in FORMS},
}


@dataclass(frozen=True, slots=True)
class Limit:
    """What is counted where it is not everything; None: everything."""

    reason: str
    direct: Counted | None = None
    proxied: Counted | None = None


_LATE = Counted(599, 24.0)
_VLC_LIMIT = Limit("VLC never gives the last picture of MPEG-TS out", _LATE, _LATE)
_DISGUISED = Limit("a picture stands before the packets, and the name ends in `.jpg`", NOTHING)
_NO_CORS = Limit("the upstream sends no CORS, so a page of another origin may not read it", NOTHING)
LIMITS: Mapping[tuple[str, str], Limit] = {
    **{(player, "disguised"): _DISGUISED for player in (*DECODERS, HLS_JS)},
    (KODI, "disguised"): Limit(_DISGUISED.reason, Counted(None, 0.0)),
    **{(HLS_JS, form): _NO_CORS for form in FORMS if not form.startswith("MP4")},
    ("mpv", "disguised"): Limit("mpv shows a picture and no film", Counted(1, 0.0)),
    ("ffmpeg 9.0.2", "byte-range fMP4"): Limit("it joins adjacent ranges", Counted(100, 4.0)),
    ("VLC", "TS"): _VLC_LIMIT,
    ("VLC", "AES-128"): _VLC_LIMIT,
    ("VLC", "byte-range TS"): _VLC_LIMIT,
    ("VLC", "audio group, WebVTT"): _VLC_LIMIT,
    ("VLC", "disguised"): Limit(f"{_DISGUISED.reason}; {_VLC_LIMIT.reason}", NOTHING, _LATE),
}
IMPOSSIBLE: Mapping[tuple[str, str], str] = {
    ("streamlink", "MP4 from 12 s"): "streamlink fetches, and cannot seek in a plain file",
}


@dataclass(frozen=True, slots=True)
class Cell:
    player: str
    form: str
    direct: Counted
    proxied: Counted

    @property
    def media(self) -> Form:
        return FORMS[self.form]

    @property
    def tolerance(self) -> Tolerance:
        return TOLERANCES.get((self.player, self.form), Tolerance(""))


def cells(*players: str) -> Iterator[Cell]:
    for player in players:
        for form in FORMS:
            if (player, form) not in IMPOSSIBLE:
                yield _cell(player, form)


def as_markdown() -> str:
    """The matrix, then its limits, as Markdown tables."""
    head = ["player", *FORMS]
    rows = [head, ["---"] * len(head)]
    rows += [[player, *(_text(player, form) for form in FORMS)] for player in PLAYERS]
    limits = [["player", "form", "reason"], ["---"] * 3, *_limits()]
    return f"{_table(rows)}\n{_table(limits)}"


def _limits() -> Iterator[list[str]]:
    """A row for each reason, with all players and forms that it holds for."""
    said = [(limit.reason, cell) for cell, limit in LIMITS.items()]
    said += [(reason, cell) for cell, reason in IMPOSSIBLE.items()]
    said += [(tolerance.reason, cell) for cell, tolerance in TOLERANCES.items()]
    for reason in dict.fromkeys(reason for reason, _ in said):
        held = [cell for other, cell in said if other == reason]
        players = ", ".join(dict.fromkeys(player for player, _ in held))
        forms = "; ".join(dict.fromkeys(form for _, form in held))
        yield [players, "all" if len(held) == len(FORMS) else forms, reason]


def _cell(player: str, form: str) -> Cell:
    all_of_it = FROM_12_S if FORMS[form].start else WHOLE
    if player == KODI:
        all_of_it = Counted(None, all_of_it.seconds)
    limit = LIMITS.get((player, form), Limit(""))
    return Cell(player, form, limit.direct or all_of_it, limit.proxied or all_of_it)


def _text(player: str, form: str) -> str:
    if (player, form) in IMPOSSIBLE:
        return "-"
    cell = _cell(player, form)
    return f"{cell.proxied}{'' if cell.direct == cell.proxied else f' ({cell.direct})'}"


def _table(rows: list[list[str]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)

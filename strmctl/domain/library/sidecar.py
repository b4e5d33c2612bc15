"""Which files beside a `.strm` belong to it, by the names media servers give to what they add."""

import re
from collections.abc import Collection

from strmctl.domain.library.library_path import EXTENSION, is_strm

_IMAGES = "jpg|jpeg|png|webp|tbn"
# `.nfo`, `.srt`, `.de.forced.ass`, `-thumb.jpg`, `-fanart2.png`, `-mediainfo.json`.
_REST = (
    r"(?i)(\.[^\s.]{1,20}){0,3}\.(nfo|srt|ass|ssa|sub|idx|sup|smi|vtt|bif|" + _IMAGES + ")"
    r"|-(thumb|poster|fanart|banner|landscape|backdrop|logo|clearlogo|clearart|keyart|disc|cover)"
    r"\d{0,2}\.(" + _IMAGES + ")"
    r"|-mediainfo\.json"
)


def sidecars(strm_name: str, names: Collection[str]) -> list[str]:
    """Of the files that stay in its folder, those that have only this `.strm` to belong to.

    Another `.strm` or a video of the same name may want them: then they are not its own.
    """
    stem = _stem(strm_name)
    others = [_stem(name) for name in names if is_strm(name) and name != strm_name]
    # A video `Film.mkv` beside `Film.strm` has the better right to `Film.nfo`.
    if any(name.rpartition(".")[0] == stem and not _belongs(name, stem) for name in names):
        return []
    return [
        name
        for name in names
        if _belongs(name, stem) and not any(_belongs(name, other) for other in others)
    ]


def _belongs(name: str, stem: str) -> bool:
    return name.startswith(stem) and re.fullmatch(_REST, name[len(stem) :]) is not None


def _stem(strm_name: str) -> str:
    return strm_name[: -len(EXTENSION)]

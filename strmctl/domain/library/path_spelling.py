"""When two spellings are of one path: accents are composed or not, and Windows finds a name in
whatever case, behind either slash.

Sonarr, Radarr and media servers name the library's files by paths of their own.
"""

import re
import unicodedata

WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")


def composed(path: str) -> str:
    """A disk of macOS, or a share from one, has accents decomposed."""
    return unicodedata.normalize("NFC", path)


def in_any_case(path: str) -> str:
    return composed(path).lower()


def compared(path: str) -> str:
    """What all spellings of one path have in common."""
    # Jellyfin on Windows says D:\Films, of a share \\nas\films, of its own drive \Films.
    if path.startswith("\\") or WINDOWS.match(path):
        return in_any_case(path.replace("\\", "/"))
    return composed(path)


def compared_as(theirs: str, path: str) -> str:
    """Likewise, of a part of `theirs` or of what is compared with one."""
    return in_any_case(path) if WINDOWS.match(theirs) else composed(path)

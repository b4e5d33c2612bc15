"""What Sonarr and Radarr named and was not found: a folder that they see elsewhere is suggested."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain

from strmctl.domain.counted import counted
from strmctl.domain.library.arr_path import file_candidates, mapping_of
from strmctl.domain.library.library_path import is_strm
from strmctl.domain.library.path_spelling import WINDOWS, in_any_case
from strmctl.domain.selection import Selection
from strmctl.services.arr.following import NOT_FOUND
from strmctl.services.doctor.finding import Finding
from strmctl.services.doctor.installation import Installation
from strmctl.settings.model import Settings
from strmctl.storage.files.library_tree import is_folder, strm_paths
from strmctl.storage.tables.arr_events import ArrMisses, Miss
from strmctl.storage.tables.mappings import Mappings

_CHECK = "arr"


def webhooks_found(installation: Installation) -> Iterator[Finding]:
    settings, database = installation.settings, installation.usable_database()
    if database is None or not is_folder(settings.library):
        return
    misses = [miss for miss in ArrMisses(database).newest() if miss.outcome == NOT_FOUND]
    if not misses:
        return
    rows = (row.strm_path for row in Mappings(database).select(Selection()))
    ours = _Ours(settings, set(chain(strm_paths(settings.library), rows)))
    left = [miss for miss in misses if not ours.has(miss.path)]
    suggested = Counter(filter(None, map(ours.mapping, left)))
    for (there, here), number in suggested.most_common():
        yield _suggestion(there, here, number)
    lost = [miss for miss in left if ours.mapping(miss) is None]
    if lost:
        yield _unexplained(lost)


class _Ours:
    """The library's files by their names, and its folders by theirs."""

    def __init__(self, settings: Settings, paths: set[str]) -> None:
        self._library, self._paths = str(settings.library), settings.arr.paths
        self._all, self._in_any_case = paths, set(map(in_any_case, paths))
        self._files: defaultdict[str, list[str]] = defaultdict(list)
        self._folders: defaultdict[str, set[str]] = defaultdict(set)
        for path in paths:
            folder, _, name = path.rpartition("/")
            self._files[name].append(path)
            while folder:
                above, _, name = folder.rpartition("/")
                self._folders[name].add(folder)
                folder = above

    def has(self, path: str) -> bool:
        places = file_candidates([path], self._library, self._paths)
        if WINDOWS.match(path):
            return any(in_any_case(place) in self._in_any_case for place in places)
        return any(place in self._all for place in places)

    def mapping(self, miss: Miss) -> tuple[str, str] | None:
        """By the file's name, else by its folder: a new name is nowhere yet."""
        path = miss.path.replace("\\", "/").rstrip("/")
        folder, _, name = path.rpartition("/")
        found = mapping_of(miss.path, self._files.get(name, ()))
        if found is None and is_strm(name):
            above = miss.path[: len(folder)]
            places = self._folders.get(folder.rpartition("/")[2], ())
            found = mapping_of(above, places, least=1)
        elif found is None:
            found = mapping_of(miss.path, self._folders.get(name, ()), least=1)
        return found if found is not None and found[1] else None


def _suggestion(there: str, here: str, number: int) -> Finding:
    # Sonarr on Windows says D:\TV, and TOML reads a backslash as an escape.
    quoted = there.replace("\\", "\\\\")
    return Finding.warning(
        _CHECK,
        there,
        f"{counted(number, 'path')} of Sonarr or Radarr below {there}: the library has them "
        f"below {here}",
        f'set [arr] paths = {{ "{quoted}" = "{here}" }}, or run `strmctl arr check`',
    )


def _unexplained(misses: Sequence[Miss]) -> Finding:
    last = misses[0]
    return Finding.info(
        _CHECK,
        last.sender.value,
        f"{counted(len(misses), 'path')} not found in the library, the last {last.path} "
        f"({last.event}, {last.at:%Y-%m-%d %H:%M} UTC)",
        "compare it with the library; `[arr] paths` maps their folders onto the library's",
    )

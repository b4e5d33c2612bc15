"""`set` and `rewrite --names`: row, file and name of mappings change together.

A file whose path is one that strmctl gives is renamed where the new values name it otherwise; one
that its owner put elsewhere stays there. A link that is asked of another provider, or in another
language, has to be resolved anew.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

from msgspec import Struct, field, structs

from strmctl.domain.change import Action, Change, Finding, Step
from strmctl.domain.external_ids import ExternalIds
from strmctl.domain.identity import Identity
from strmctl.domain.library import library_path, strm_text
from strmctl.domain.library.library_path import Naming
from strmctl.domain.library.naming import Templates
from strmctl.domain.mapping import Mapping as Link, as_unknown
from strmctl.domain.selection import Selection
from strmctl.errors import ItemError, UsageError
from strmctl.services.changing.change_run import change_one
from strmctl.services.keys.playback_urls import PlaybackUrls
from strmctl.services.library.files import templates
from strmctl.services.library.find import each
from strmctl.services.library.ownership import check_own
from strmctl.settings.model import Mode, Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.files.strm_file import Content, LibraryFiles
from strmctl.storage.tables.mappings import Mappings

_BATCH = 1000
_NAMING = frozenset(("title", "year", "episode_title", "quality", "release_group"))
_IDS = ("imdb", "tvdb", "tmdb")


class Values(Struct, frozen=True):
    """What is to be set, by name; a name that is missing stays as it is.

    `identity` holds language and provider, `row` title, year and muted_until, `ids` those of other
    catalogues; None takes a value away. `path` is the place that the user insists on; `renames_all`
    names also those files that have a name of their owner's.
    """

    identity: Mapping[str, str | None] = field(default_factory=dict)
    row: Mapping[str, str | int | datetime | None] = field(default_factory=dict)
    ids: Mapping[str, str | int | None] = field(default_factory=dict)
    path: str | None = None
    renames_all: bool = False

    def __post_init__(self) -> None:
        if not (self.identity or self.row or self.ids or self.path or self.renames_all):
            raise UsageError("say what to set, such as --title or --mute")

    @property
    def names_files(self) -> bool:
        return bool(
            self.identity or self.ids or self.path or self.renames_all or _NAMING & self.row.keys()
        )


RENAME = Values(renames_all=True)
"""Nothing is set: every file gets the name that the templates give it."""


def catalogue_ids(texts: Iterable[str]) -> dict[str, str | int | None]:
    """`tvdb=81797`, `imdb=tt0388629`; nothing behind the `=` takes the id away.

    Raises UsageError.
    """
    found: dict[str, str | int | None] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if name not in _IDS or not equals:
            raise UsageError(f"--id {text!r}: it takes one of {', '.join(_IDS)}, as in tvdb=81797")
        # imdb ids are tt and digits, the others are numbers.
        if value and name != "imdb" and not (value.isascii() and value.isdigit()):
            raise UsageError(f"--id {text!r}: {name} ids are numbers")
        found[name] = (value if name == "imdb" else int(value)) if value else None
    ExternalIds(**found)  # type: ignore[arg-type]  # raises for what is none
    return found


def set_one(settings: Settings, mapping_id: int, values: Values, *, wait: timedelta) -> None:
    """As `strmctl set ID` does; see `change_one`."""
    plan, needs_library = Setting(settings, values).of_selection, values.names_files
    change_one(settings, "set", mapping_id, plan, wait=wait, needs_library=needs_library)


class Setting:
    """A planner. Raises SettingsError where no usable key is to be had."""

    def __init__(self, settings: Settings, values: Values) -> None:
        self._values, self._library = values, settings.library
        self._urls = PlaybackUrls(settings)
        self._templates = templates(settings)
        self._direct = settings.proxy.mode is Mode.DIRECT

    def of_selection(
        self, database: Database, files: LibraryFiles, selection: Selection
    ) -> Iterator[Step]:
        """Raises UsageError where several mappings would have one path."""
        mappings = Mappings(database)
        return self._plan(mappings, files, mappings.select(selection))

    def of_names(
        self, database: Database, files: LibraryFiles, names: Sequence[str]
    ) -> Iterator[Step]:
        """`names` are ids and paths; one that names nothing is a finding."""
        mappings = Mappings(database)
        return self._plan(mappings, files, each(mappings, names, self._library))

    def _plan(
        self, mappings: Mappings, files: LibraryFiles, selected: Iterable[Link | Finding]
    ) -> Iterator[Step]:
        waiting = iter(selected)
        first = list(islice(waiting, _BATCH))
        if self._values.path is not None and len(first) > 1:
            raise UsageError("--path: it takes one mapping, and several are selected")
        while first:
            yield from (item for item in first if isinstance(item, Finding))
            rows = [item for item in first if not isinstance(item, Finding)]
            yield from self._batch(rows, mappings, files)
            first = list(islice(waiting, _BATCH))

    def _batch(
        self, rows: Sequence[Link], mappings: Mappings, files: LibraryFiles
    ) -> Iterator[Step]:
        places = _Places(
            rows, [self._target(row) for row in rows], mappings, self._values, self._templates
        )
        contents = files.read_all({*(row.strm_path for row in rows), *places.new_paths()})
        for row in rows:
            target = places.targets[row.id]
            if isinstance(target, UsageError):
                yield Finding("failed", row.strm_path, str(target), row)
            elif target == row:
                yield Finding("unchanged", row.strm_path, mapping=row)
            else:
                yield from self._steps(row, target, contents, mappings)

    def _target(self, row: Link) -> Link:
        """The row as it shall be, at its old path."""
        values = self._values
        ids = structs.replace(row.ids, **values.ids)
        changed = structs.replace(row, ids=ids, **values.row)
        identity = structs.replace(row.identity, **values.identity)
        if identity == row.identity:
            return changed
        # In mode direct the file needs a URL: the old one stays until the next refresh.
        resolution = row.resolution if self._direct else None
        return as_unknown(structs.replace(changed, identity=identity, resolution=resolution))

    def _steps(
        self, row: Link, target: Link, contents: Mapping[str, Content], mappings: Mappings
    ) -> Iterator[Step]:
        before = contents[row.strm_path]
        if not self._values.names_files or before is None:
            yield Change(Action.UPDATED, target.strm_path, row, target)
            return
        moves = target.strm_path != row.strm_path
        try:
            if isinstance(before, ItemError):
                raise before
            check_own(row.strm_path, before, (row,), mappings)
        except ItemError as error:
            yield Finding("failed", row.strm_path, str(error), row)
            return
        # rename(2) would replace the file that is there without a word.
        if moves and contents[target.strm_path] is not None:
            yield Finding("failed", row.strm_path, f"{target.strm_path}: a file is there", row)
            return
        url = None if self._direct else self._urls.of(target)
        after = before if url is None else strm_text.with_playback_url(before, url)
        if not moves:
            yield Change(Action.UPDATED, row.strm_path, row, target, before, after)
            return
        yield Change(Action.MOVED, target.strm_path, row, target, None, after)
        yield Change(Action.MOVED, row.strm_path, file_before=before)


class _Places:
    """Where the files of some rows shall be; a row that cannot be has the reason instead."""

    def __init__(
        self,
        rows: Sequence[Link],
        wanted: Sequence[Link],
        mappings: Mappings,
        values: Values,
        templates: Templates,
    ) -> None:
        self._values, self._templates = values, templates
        self._candidates = {
            row.id: self._paths(row, target) for row, target in zip(rows, wanted, strict=True)
        }
        self._owners = mappings.owners(
            path for paths in self._candidates.values() for path in paths
        )
        known = mappings.known(target.identity for target in wanted)
        self._known = {identity: row.id for identity, row in known.items()}
        self._siblings = mappings.siblings(target.identity for target in wanted)
        self.targets: dict[int, Link | UsageError] = {}
        for row, target in zip(rows, wanted, strict=True):
            try:
                self.targets[row.id] = self._placed(row, target)
            except UsageError as error:
                self.targets[row.id] = error

    def new_paths(self) -> Iterator[str]:
        for target in self.targets.values():
            if not isinstance(target, UsageError):
                yield target.strm_path

    def _paths(self, row: Link, target: Link) -> list[str]:
        if self._values.path is not None:
            return [self._values.path]
        if not self._values.names_files:
            return [row.strm_path]
        named = self._named(target)
        is_ours = self._values.renames_all or row.strm_path in self._named(row)
        return named if is_ours else [row.strm_path]

    def _named(self, row: Link) -> list[str]:
        return library_path.paths(row.identity, Naming().or_else(row), self._templates)

    def _placed(self, row: Link, target: Link) -> Link:
        if self._known.setdefault(target.identity, row.id) != row.id:
            other = self._known[target.identity]
            raise UsageError(f"{target.identity} is there already, with the id {other}")
        path = self._choose(row, target)
        self._owners[path] = target.identity
        return structs.replace(target, strm_path=path)

    def _choose(self, row: Link, target: Link) -> str:
        def owner_of(path: str) -> Identity | None:
            owner = self._owners.get(path)
            return None if owner == row.identity else owner

        candidates = self._candidates[row.id]
        if row.strm_path in candidates:
            return row.strm_path
        # Two languages keep their kinds of name, whichever of them is renamed first.
        place = library_path.variant(row.identity, row.strm_path)
        if place < len(candidates) and owner_of(candidates[place]) is None:
            return candidates[place]
        siblings = self._others_of_the_work(target.identity) - {row.identity}
        return library_path.choose_path(target.identity, candidates, siblings, owner_of)

    def _others_of_the_work(self, identity: Identity) -> set[Identity]:
        work = library_path.work(identity)
        return {it for it in self._siblings if library_path.work(it) == work and it != identity}

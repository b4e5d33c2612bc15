"""A foreign `.strm` becomes a mapping: who it is says its path, where it leads says its URL.

What the user has settled in a plan counts before the path. A name that is not clear is reported
with what to do, and no mapping is made of it.
"""

from collections.abc import Iterator, Mapping as Table
from urllib.parse import urlsplit

from msgspec import Struct, field, structs

from strmctl.domain.external_ids import NO_IDS, ExternalIds
from strmctl.domain.http.request_fields import request_fields
from strmctl.domain.identity import Identity
from strmctl.domain.library import file_name
from strmctl.domain.library.file_name import FileName
from strmctl.domain.mapping import Mapping, Resolution
from strmctl.domain.names import nfo
from strmctl.domain.urls.other_proxies import unwrap
from strmctl.domain.urls.playback_url import extension_hint
from strmctl.domain.urls.upstream_url import check_link
from strmctl.errors import UsageError
from strmctl.services.changing.import_plan import Settled
from strmctl.services.library.tree import TreeFile
from strmctl.storage.database.connection import Database
from strmctl.storage.files.nfo_files import NfoFiles
from strmctl.storage.tables.series import Work, works

UNDETERMINED = "und"
"""ISO 639's word for a language that nobody knows."""


class Adoption(Struct, frozen=True):
    """What the user says of all files; without a site it is the URL's host, without a language
    what the name tells. `settled` are the files that a plan speaks of, by path; `unwrap` takes
    the upstream URL out of other proxies' playback URLs.

    Raises UsageError for what no identity can have.
    """

    site: str | None = None
    language: str | None = None
    settled: Table[str, Settled] = field(default_factory=dict)
    unwrap: bool = False

    def __post_init__(self) -> None:
        Identity(self.site or "host", "title", self.language or UNDETERMINED)


class Adopting:
    """One run's adoption: it remembers whose a slug is, so that two series never become one."""

    def __init__(self, adoption: Adoption, database: Database, nfo_files: NfoFiles) -> None:
        self._adoption = adoption
        self._database, self._nfo_files = database, nfo_files
        self._works: dict[tuple[str, str], list[Work]] = {}

    def mappings(self, file: TreeFile) -> list[Mapping]:
        """Without a row yet, the best first; another only counts where that is taken.

        Raises UsageError for a name that says too little, UpstreamError for headers that are none.
        """
        resolution = given_resolution(file, unwraps=self._adoption.unwrap)
        settled = self._adoption.settled.get(file.strm_path)
        name = file_name.read(
            file.strm_path, wants_language=self._adoption.language is None and settled is None
        )
        name = _checked(name) if settled is None else settled.over(name)
        name = structs.replace(name, ids=name.ids.or_else(self._ids_beside(file.strm_path, name)))
        site = (settled and settled.site) or self._adoption.site
        site = site or urlsplit(resolution.url).hostname or ""
        slug = (settled and settled.slug) or self._slug(site.lower(), name)
        plain = Mapping(
            id=0,
            identity=self._identity(site, slug, name, settled),
            strm_path=file.strm_path,
            title=name.title,
            year=name.year,
            ids=name.ids,
            extension=extension_hint(resolution.url),
            resolution=resolution,
        )
        version = name.version and file_name.slug(name.version)
        if not version or settled is not None:
            return [plain]
        # Jellyfin shows "Film - 1080p" and "Film - 720p" as versions of one film.
        other = structs.replace(plain.identity, slug=f"{slug}-{version}")
        return [plain, structs.replace(plain, identity=other)]

    def _identity(self, site: str, slug: str, name: FileName, settled: Settled | None) -> Identity:
        language = (settled and settled.language) or self._adoption.language
        return Identity(
            site=site,
            slug=slug,
            language=language or name.language or UNDETERMINED,
            season=name.season,
            episode=name.episode,
            provider=settled.provider if settled else None,
        )

    def _slug(self, site: str, name: FileName) -> str:
        """The title's with its year; an edition's beside it; another one where other ids than
        these have that already."""
        title = name.title or ""
        undated = file_name.slug(title)
        slug = file_name.slug(title, name.year)
        if name.edition:
            slug = f"{slug}-{file_name.slug(name.edition)}"
        elif name.year is not None and self._is_of_before(site, undated, name):
            # 0.1.0 named series and films without their years: what joins them is named so too.
            slug = undated
        # Berserk and DuckTales exist twice under one title: only the ids tell them apart.
        if self._is_another_s(site, slug, name):
            slug = f"{slug}-{_id_word(name.ids)}"
        self._remember(site, slug, name)
        return slug

    def _is_of_before(self, site: str, slug: str, name: FileName) -> bool:
        return any(
            work.year == name.year
            and file_name.slug(work.title or "") == slug
            and not work.ids.contradicts(name.ids)
            for work in self._known(site, slug, name)
        )

    def _is_another_s(self, site: str, slug: str, name: FileName) -> bool:
        return any(work.ids.contradicts(name.ids) for work in self._known(site, slug, name))

    def _known(self, site: str, slug: str, name: FileName) -> list[Work]:
        """Only of the same kind: a film and a series with one name are different identities."""
        key = (site, slug)
        if key not in self._works:
            self._works[key] = works(self._database, site, [slug])
        return [work for work in self._works[key] if work.is_film == name.is_movie]

    def _remember(self, site: str, slug: str, name: FileName) -> None:
        if not any(work.ids == name.ids for work in self._known(site, slug, name)):
            work = Work(slug, name.title, name.year, name.ids, name.is_movie)
            self._works[site, slug].append(work)

    def _ids_beside(self, strm_path: str, name: FileName) -> ExternalIds:
        ids = NO_IDS
        for path in _nfo_paths(strm_path, is_film=name.is_movie):
            text = self._nfo_files.text(path)
            if text is not None:
                ids = ids.or_else(nfo.external_ids(text))
        return ids


def given_resolution(file: TreeFile, *, unwraps: bool = False) -> Resolution:
    """What the file says itself; raises UpstreamError for headers that are none, UsageError for
    another proxy's URL that cannot be unwrapped."""
    url, headers = file.url or "", file.headers
    inside = unwrap(url) if unwraps else None
    if inside is not None:
        # mediaflow-proxy may have encrypted its `d`: nobody else can read it.
        if inside.url is None:
            raise UsageError(inside.reason)
        check_link(inside.url)
        url, headers = inside.url, {**file.headers, **inside.headers}
    return Resolution(url, request_fields(headers))


def _checked(name: FileName) -> FileName:
    if name.title is None:
        raise UsageError("neither its name nor its folder holds a title: rename it")
    if name.doubt is not None:
        raise UsageError(name.doubt)
    if name.episode is None and not name.is_movie:
        raise UsageError("its name holds no episode number: rename it")
    # Sonarr names one file S01E01-E02 for two episodes; a mapping resolves one.
    if name.holds_several:
        raise UsageError("its name says several episodes, a mapping is one: split or rename it")
    return name


def _id_word(ids: ExternalIds) -> str:
    pairs = (("tvdb", ids.tvdb), ("tmdb", ids.tmdb), ("imdb", ids.imdb))
    return next(f"{name}-{value}" for name, value in pairs if value is not None)


def _nfo_paths(strm_path: str, *, is_film: bool) -> Iterator[str]:
    """An episode's own `.nfo` holds the episode's ids, so only the series' counts for it."""
    *folders, name = strm_path.split("/")
    if is_film:
        stem = name.rpartition(".")[0]
        yield "/".join([*folders, f"{stem}.nfo"])
        if folders:
            # Kodi reads movie.nfo for a film with a folder of its own.
            yield "/".join([*folders, "movie.nfo"])
        return
    # Kodi and Jellyfin keep tvshow.nfo in the show's folder, above that of the season.
    for depth in (len(folders), len(folders) - 1):
        if depth > 0:
            yield "/".join([*folders[:depth], "tvshow.nfo"])

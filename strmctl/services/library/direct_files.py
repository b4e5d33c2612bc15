"""In mode direct a `.strm` holds the URL that its row resolves to, so it follows each new one."""

from strmctl.domain.library import strm_text
from strmctl.domain.mapping import Mapping, Resolution
from strmctl.errors import ItemError
from strmctl.services.library.files import library_files
from strmctl.services.library.mounted import check_mounted
from strmctl.services.library.ownership import check_own
from strmctl.settings.model import Mode, Settings
from strmctl.storage.files.strm_file import LibraryFiles
from strmctl.storage.tables.mappings import Mappings


def lacks_headers(mode: Mode, resolution: Resolution | None, content: bytes) -> bool:
    """Whether the link wants headers that nobody sends: redirected players have none, and of files
    that hold the link only Kodi reads some."""
    if mode is Mode.PROXY or resolution is None or not resolution.headers:
        return False
    return mode is Mode.REDIRECT or strm_text.lacks_headers(content, resolution.headers)


def unsent_headers(settings: Settings, mapping: Mapping) -> list[str]:
    """The names of those that the link wants and that nobody sends in this mode."""
    resolution, mode = mapping.resolution, settings.proxy.mode
    if resolution is None or not resolution.headers or mode is Mode.PROXY:
        return []
    content: object = b""
    if mode is Mode.DIRECT:
        content = LibraryFiles(settings.library).read_all([mapping.strm_path])[mapping.strm_path]
    text = content if isinstance(content, bytes) else b""
    return sorted(resolution.headers) if lacks_headers(mode, resolution, text) else []


class DirectFiles:
    """What is changed here raises ItemError where it cannot be written."""

    def __init__(self, settings: Settings, mappings: Mappings) -> None:
        self._settings = settings
        self._mappings = mappings
        self._files = library_files(settings, mappings.database)

    def check_there(self) -> None:
        """Raises ItemError where there is no library."""
        self._files.check_there()
        check_mounted(self._settings, self._mappings.database)

    def check_followable(self, mapping: Mapping) -> None:
        """Raises ItemError for a row that must keep its URL: a file that was moved is known by it,
        and one that is its user's would not hold the next."""
        self._check_not_gone(mapping)
        self._read_own(mapping)

    def rewrite(self, mapping: Mapping, resolution: Resolution) -> None:
        """Put the URL into the file; what its user has put around it stays."""
        # Sonarr may have renamed it while the resolver was asked: a second file would be made.
        self._check_not_gone(mapping)
        self._put(mapping, self._read_own(mapping), resolution)

    def catch_up(self, mapping: Mapping, resolution: Resolution) -> None:
        """Put the URL in place of another one of the row's, which a play, a trace or a killed run
        has left there; anything else stays, be it unreadable."""
        content = self._files.read_all([mapping.strm_path])[mapping.strm_path]
        if not isinstance(content, bytes):
            return
        url = strm_text.parse(content).url
        # Sonarr or a person may have put another's URL there.
        if url is not None and url != resolution.url and self._is_of(mapping, url):
            self._put(mapping, content, resolution)

    def _check_not_gone(self, mapping: Mapping) -> None:
        if mapping.resolution is not None and not self._files.exists(mapping.strm_path):
            raise ItemError(
                f"{mapping.strm_path}: there is no such file: `strmctl import` finds it if it was "
                "moved, `strmctl prune` forgets it"
            )

    def _is_of(self, mapping: Mapping, url: str) -> bool:
        known = mapping.resolution
        is_known = known is not None and known.url == url
        return is_known or self._mappings.has_resolved_to(mapping.id, url)

    def _read_own(self, mapping: Mapping) -> bytes:
        """Empty where there is no file."""
        content = self._files.read(mapping.strm_path) or b""
        check_own(mapping.strm_path, content, (mapping,), self._mappings)
        return content

    def _put(self, mapping: Mapping, before: bytes, resolution: Resolution) -> None:
        after = strm_text.with_upstream_url(before, resolution.url, resolution.headers)
        self._files.replace(mapping.strm_path, after)


def direct_files(settings: Settings, mappings: Mappings) -> DirectFiles | None:
    """None in the other modes, whose files hold playback URLs."""
    return DirectFiles(settings, mappings) if settings.proxy.mode is Mode.DIRECT else None

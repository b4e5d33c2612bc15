"""A foreign `.strm` becomes a mapping: who it is says its path, where it leads says its URL."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from strmctl.domain.http.request_fields import request_fields
from strmctl.domain.identity import Identity
from strmctl.domain.library import file_name
from strmctl.domain.mapping import Mapping, Resolution
from strmctl.domain.urls.playback_url import extension_hint
from strmctl.errors import UsageError
from strmctl.services.library.tree import TreeFile

UNDETERMINED = "und"
"""ISO 639's word for a language that nobody knows."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """What the user says of all files; without a site it is the URL's host, without a language
    what the name tells.

    Raises UsageError for what no identity can have.
    """

    site: str | None = None
    language: str | None = None

    def __post_init__(self) -> None:
        self._identity("host", file_name.FileName(title="title", is_movie=True))

    def mapping(self, file: TreeFile) -> Mapping:
        """Without a row yet; raises UsageError for a name that tells too little, UpstreamError
        for headers that are none."""
        name = file_name.read(file.strm_path, wants_language=self.language is None)
        resolution = given_resolution(file)
        return Mapping(
            id=0,
            identity=self._identity(urlsplit(resolution.url).hostname or "", name),
            strm_path=file.strm_path,
            title=name.title,
            year=name.year,
            extension=extension_hint(resolution.url),
            resolution=resolution,
        )

    def _identity(self, host: str, name: file_name.FileName) -> Identity:
        if name.title is None:
            raise UsageError("neither its name nor its folder holds a title: rename it")
        if name.episode is None and not name.is_movie:
            raise UsageError("its name holds no episode number: rename it")
        if name.holds_several:
            raise UsageError("its name says several episodes, a mapping is one: split or rename it")
        return Identity(
            site=host if self.site is None else self.site,
            slug=file_name.slug(name.title),
            language=(name.language or UNDETERMINED) if self.language is None else self.language,
            season=name.season,
            episode=name.episode,
        )


def given_resolution(file: TreeFile) -> Resolution:
    """What the file says itself; raises UpstreamError for headers that are none."""
    return Resolution(file.url or "", request_fields(file.headers))

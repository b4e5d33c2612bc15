"""A `.strm` is replaced while it holds what strmctl has put there; all else is its user's."""

from collections.abc import Iterable

from strmctl.domain import playback_url, strm_text
from strmctl.domain.mapping import Mapping
from strmctl.errors import ItemError
from strmctl.storage.mappings import Mappings


class ForeignFileError(ItemError):
    http_status = 409


def check_own(
    strm_path: str, content: bytes | None, versions: Iterable[Mapping], mappings: Mappings
) -> None:
    """Raises ForeignFileError for content that is none of a mapping's; `versions` are the mapping
    as it is and as it shall be.

    Its own are its playback URL, its upstream URL, and those it had before: a killed run may
    have left one of them.
    """
    if is_foreign(content, versions, mappings):
        raise ForeignFileError(
            f"{strm_path}: holds something else: move it away, or write with --force"
        )


def is_foreign(content: bytes | None, versions: Iterable[Mapping], mappings: Mappings) -> bool:
    url = strm_text.parse(content or b"").url
    if url is None:
        return False
    named = playback_url.identity_in(url)
    return not any(
        named == mapping.identity
        or (mapping.resolution is not None and mapping.resolution.url == url)
        or mappings.has_resolved_to(mapping.id, url)
        for mapping in versions
    )

"""What the mode cannot do for a link: players send no headers, and leave by their own way."""

from collections.abc import Iterator, Mapping as Fields

from strmctl.domain.counted import counted
from strmctl.domain.library import strm_text
from strmctl.domain.mapping import Mapping
from strmctl.domain.selection import Selection
from strmctl.services.doctor.finding import Finding
from strmctl.services.doctor.installation import Installation
from strmctl.settings.model import Mode
from strmctl.storage.files.strm_file import LibraryFiles
from strmctl.storage.tables.mappings import Mappings


def headers_are_sent(installation: Installation) -> Iterator[Finding]:
    database, mode = installation.usable_database(), installation.settings.proxy.mode
    if database is None or mode is Mode.PROXY:
        return
    number = 0
    names: set[str] = set()
    for row in Mappings(database).select(Selection()):
        headers = row.resolution.headers if row.resolution is not None else {}
        if headers and not (mode is Mode.DIRECT and _gives(installation.files, row, headers)):
            number += 1
            names |= set(headers)
    if number:
        yield Finding.warning(
            "mode",
            mode.value,
            f"{counted(number, 'link')} {'wants' if number == 1 else 'want'} headers "
            f"({', '.join(sorted(names))}) that players do not send in mode {mode.value}",
            'set proxy.mode = "proxy", which sends them',
        )


def players_leave_alike(installation: Installation) -> Iterator[Finding]:
    settings = installation.settings
    mode = settings.proxy.mode
    egresses = {settings.upstream.egress, *(table.egress for table in settings.resolvers)} - {""}
    if mode is not Mode.PROXY and egresses:
        yield Finding.info(
            "mode",
            mode.value,
            f"in mode {mode.value} players fetch links by their own way, not through the egress: "
            "providers that bind a link to an address refuse them",
            'set proxy.mode = "proxy", or let the players leave by the same VPN',
        )


def _gives(files: LibraryFiles, row: Mapping, headers: Fields[str, str]) -> bool:
    """Whether the file gives them to Kodi."""
    content = files.read_all([row.strm_path])[row.strm_path]
    return isinstance(content, bytes) and not strm_text.lacks_headers(content, headers)

"""The registry: every check is one function, given the installation, that yields its findings."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from strmctl.errors import StrmctlError
from strmctl.services.doctor import (
    arr,
    base_url,
    clock,
    database,
    egress,
    keys,
    library,
    mending,
    modes,
    notifying,
    resolvers,
    settings,
)
from strmctl.services.doctor.finding import Finding, of_error
from strmctl.services.doctor.installation import Installation

Check = Callable[[Installation], Iterator[Finding]]

CHECKS: Sequence[Check] = (
    keys.settings_file_mode,
    settings.open_proxy,
    settings.unreachable_by_others,
    settings.page_closed,
    settings.intervals_fit,
    settings.templates_usable,
    keys.key_file_mode,
    keys.keys_usable,
    keys.key_in_library,
    database.database_opens,
    database.database_whole,
    database.database_current,
    database.rows_readable,
    database.database_mode,
    database.database_place,
    database.write_ahead,
    database.free_space,
    database.room_within,
    database.copies_abandoned,
    database.run_unfinished,
    library.library_there,
    library.library_writable,
    mending.library_mended,
    library.library_matches,
    resolvers.tables_usable,
    resolvers.every_site_has_one,
    resolvers.resolvers_answer,
    resolvers.resolvers_have_answered,
    egress.egress_works,
    egress.programs_follow,
    modes.headers_are_sent,
    modes.players_leave_alike,
    base_url.base_url_answers,
    base_url.upkeep_node_answers,
    notifying.media_servers_answer,
    notifying.media_servers_up_to_date,
    arr.webhooks_found,
    notifying.people_are_reached,
    clock.rows_from_the_future,
    clock.clock_agrees,
)
"""In this order: what mends itself comes before what needs it, clocks after who tells the time."""


def examine(check: Check, installation: Installation) -> Iterator[Finding]:
    """What one check finds, mended where that is wanted and safe."""
    try:
        for finding in check(installation):
            yield _mended(finding) if installation.fix else finding
    except StrmctlError as error:
        yield of_error(error, check.__name__.replace("_", " "), "")
    except (OSError, ValueError) as error:
        # A row that was edited by hand may hold what no value of the domain can be.
        reason = StrmctlError(f"cannot be examined: {type(error).__name__}")
        yield of_error(reason, check.__name__.replace("_", " "), "")


def _mended(finding: Finding) -> Finding:
    if finding.mend is None:
        return finding
    try:
        finding.mend()
    except (StrmctlError, OSError) as error:
        return replace(finding, reason=f"{finding.reason}; it could not be mended: {error}")
    return replace(finding, fixed=True)

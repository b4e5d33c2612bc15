"""What `serve` would refuse to maintain a library by, told before it is started."""

from collections.abc import Iterator

from strmctl.errors import SettingsError
from strmctl.services.doctor.finding import Finding, of_error
from strmctl.services.doctor.installation import Installation
from strmctl.services.maintenance import check_intervals


def intervals_fit(installation: Installation) -> Iterator[Finding]:
    settings = installation.settings.maintain
    if not settings.enabled:
        return
    try:
        check_intervals(settings)
    except SettingsError as error:
        yield of_error(error, "maintain", "maintain.refresh_every")

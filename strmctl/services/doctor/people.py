"""People can be reached: each of their `[notify.NAME]` tables is sent a test."""

from collections.abc import Iterator

from strmctl.services.doctor.finding import Finding, Severity
from strmctl.services.doctor.installation import Installation

_CHECK = "notify"
_TITLE = "strmctl: a test"
_LINES = ("`strmctl doctor` has sent this: messages arrive.",)


def people_are_reached(installation: Installation) -> Iterator[Finding]:
    if not installation.settings.people:
        return
    from strmctl.services.alerting.people import NotSentError, send

    for table in installation.settings.people:
        try:
            # Only a message that arrives proves a token of Telegram's or ntfy's.
            send(table, _TITLE, _LINES)
        except NotSentError as error:
            remedy = f"correct notify.{table.name}.url, or see whether that service is up"
            yield Finding(Severity.ERROR, _CHECK, table.name, str(error), remedy)
        else:
            yield Finding(Severity.INFO, _CHECK, table.name, "a test message was sent", "")

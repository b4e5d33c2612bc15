"""The templates of `[naming]`, checked."""

from strmctl.domain.library.naming import Templates
from strmctl.errors import SettingsError, UsageError
from strmctl.settings.model import Settings


def templates(settings: Settings) -> Templates:
    """Raises SettingsError, naming key and token."""
    naming = settings.naming
    try:
        return Templates(naming.series, naming.season, naming.episode, naming.film)
    except UsageError as error:
        raise SettingsError(f"naming.{error}") from None

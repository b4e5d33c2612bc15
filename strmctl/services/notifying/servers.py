"""The server behind a `[notify.NAME]` table."""

from strmctl.services.notifying.connection import MediaServer
from strmctl.services.notifying.kodi import Kodi
from strmctl.services.notifying.media_browser import MediaBrowser
from strmctl.services.notifying.webhook import Webhook
from strmctl.settings.model import NotifySettings, NotifyType, Settings


def media_server(table: NotifySettings, settings: Settings) -> MediaServer:
    library = library_there(table, settings)
    match table.type:
        case NotifyType.JELLYFIN | NotifyType.EMBY:
            return MediaBrowser(table, library)
        case NotifyType.KODI:
            return Kodi(table, library)
        case NotifyType.WEBHOOK:
            return Webhook(table, library)
        case NotifyType.APPRISE:
            raise ValueError(f"notify.{table.name} tells people, no media server")


def library_there(table: NotifySettings, settings: Settings) -> str:
    """The library's folder as that server sees it."""
    return table.library or str(settings.library)

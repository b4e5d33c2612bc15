"""The server behind a `[notify.NAME]` table."""

from strmctl.services.notify.kodi import Kodi
from strmctl.services.notify.media_browser import MediaBrowser
from strmctl.services.notify.telling import MediaServer
from strmctl.services.notify.webhook import Webhook
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


def library_there(table: NotifySettings, settings: Settings) -> str:
    """The library's folder as that server sees it."""
    return table.library or str(settings.library)

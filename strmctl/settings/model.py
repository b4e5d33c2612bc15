"""The shape and the defaults of every setting; nothing here reads a file or the environment."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from msgspec import Struct, field

from strmctl.discreet import Discreet
from strmctl.settings.hosts import Hosts, Peers
from strmctl.settings.values import (
    ArrPaths,
    BaseUrl,
    Count,
    Egress,
    HttpUrl,
    HttpUrls,
    NotifyUrl,
    OptionalBaseUrl,
    OptionalPath,
    Port,
    Secret,
    Secrets,
    Share,
    Size,
    Timeout,
)


class Mode(StrEnum):
    PROXY = "proxy"
    REDIRECT = "redirect"
    DIRECT = "direct"


class Auth(StrEnum):
    HMAC = "hmac"
    API_KEY = "api_key"
    NONE = "none"

    @classmethod
    def _missing_(cls, value: object) -> "Auth | None":
        # The older STRM_PROXY_AUTH knows these words.
        return {"token": cls.HMAC, "apikey": cls.API_KEY}.get(str(value))


class LogFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


class Role(StrEnum):
    ALL = "all"
    PLAYER = "player"
    """Answers players, and does nothing for the library."""


class NotifyType(StrEnum):
    JELLYFIN = "jellyfin"
    EMBY = "emby"
    KODI = "kodi"
    WEBHOOK = "webhook"
    APPRISE = "apprise"
    """People, by any service that Apprise speaks to."""


class ProxySettings(Discreet, frozen=True):
    """What stands in a `.strm`, and what proves that its reader may have it."""

    hidden = ("secret",)

    mode: Mode = Mode.PROXY
    public_base_url: BaseUrl = "http://127.0.0.1:8888"
    auth: Auth = Auth.HMAC
    secret_file: Path = Path("strmctl.key")
    secret: Secrets = ()
    cache_ttl: timedelta = timedelta(0)


class ServeSettings(Discreet, frozen=True):
    """Where `serve` listens, whom it believes and what it writes down."""

    hidden = ("admin_token",)

    host: str = "127.0.0.1"
    port: Port = 8888
    workers: Count = 1
    role: Role = Role.ALL
    drain_delay: timedelta = timedelta(0)
    drain_timeout: timedelta = timedelta(seconds=10)
    max_streams: Count = 4000
    trusted_proxies: Hosts = ()
    peers: Peers = ()
    admin_token: Secret = ""
    upkeep_url: OptionalBaseUrl = ""
    log_format: LogFormat = LogFormat.TEXT
    node: str = ""
    log_file: OptionalPath = None

    @property
    def node_name(self) -> str:
        """What tells the logs and numbers of several machines apart."""
        import socket  # Only a server needs it.

        return self.node or socket.gethostname()


class MaintainSettings(Struct, frozen=True):
    """What `serve` does for the library by itself, and how often."""

    enabled: bool = False
    probe_every: Timeout = timedelta(minutes=30)
    refresh_every: Timeout = timedelta(minutes=15)
    refresh_expiring: Timeout = timedelta(hours=2)
    watch_every: Timeout = timedelta(hours=6)
    sidecars: bool = False
    prune_events_every: Timeout = timedelta(days=1)
    keep_events: Timeout = timedelta(days=90)


class UpstreamSettings(Discreet, frozen=True):
    """How upstreams are reached, and how long they may take."""

    hidden = ("egress",)

    egress: Egress = ""
    allow: Hosts = ()
    connect_timeout: Timeout = timedelta(seconds=10)
    first_byte_timeout: Timeout = timedelta(seconds=6)
    read_timeout: Timeout = timedelta(seconds=60)
    playlist_max: Size = 16 * 1024 * 1024


class ProbeSettings(Discreet, frozen=True):
    """Which links are due for a probe, and when one that fails is dead."""

    hidden = ("canaries",)

    stale_after: Timeout = timedelta(hours=6)
    concurrency: Count = 64
    per_host: Count = 4
    timeout: Timeout = timedelta(seconds=10)
    attempts: Count = 3
    window: timedelta = timedelta(minutes=10)
    canaries: HttpUrls = ()
    remind: timedelta = timedelta(days=7)


class SafetySettings(Struct, frozen=True):
    """What no run may exceed without --force."""

    max_change: Share = 0.2


class NamingSettings(Struct, frozen=True):
    """Templates of names; domain/library/naming.py says what they may hold.

    An empty `season` is no folder.
    """

    series: str = "{Series TitleYear}{ [tvdbid]}{ [tmdbid]}{ [imdbid]}"
    season: str = "Season {season:00}"
    episode: str = "{Series TitleYear} S{season:00}E{episode:00}"
    film: str = (
        "{Movie TitleYear}{ [tvdbid]}{ [tmdbid]}{ [imdbid]}"
        "/{Movie TitleYear}{ [tvdbid]}{ [tmdbid]}{ [imdbid]}"
    )


class ResolverSettings(Discreet, frozen=True):
    """One `[resolvers.NAME]` table; `options` holds the keys that only its kind knows."""

    hidden = ("egress", "options")

    name: str
    sites: Sequence[str]
    type: str
    timeout: Timeout = timedelta(seconds=30)
    egress: Egress = ""
    options: Mapping[str, object] = field(default_factory=dict)

    @property
    def named_sites(self) -> Sequence[str]:
        """Its `sites` that are names, not patterns."""
        return [site for site in self.sites if not set(site) & set("*?[")]


class NotifySettings(Discreet, frozen=True):
    """One `[notify.NAME]` table: a media server that is told which files have changed, or people
    who are told what needs them.

    `library` is the library's folder as that server sees it; "" where it is the same. `ca` holds
    the certificates that are believed there, None for those of everybody.
    """

    hidden = ("url", "token")

    name: str
    type: NotifyType
    url: NotifyUrl
    token: Secret = ""
    library: str = ""
    ca: OptionalPath = None


class ArrServer(Discreet, frozen=True):
    """One `[arr.NAME]` table: a Sonarr or Radarr whose API `strmctl arr check` asks."""

    hidden = ("url", "key")

    name: str
    url: HttpUrl
    key: Secret = ""


class ArrSettings(Struct, frozen=True):
    """`paths` are folders as Sonarr and Radarr see them, each with its folder in the library."""

    paths: ArrPaths = ()
    servers: Sequence[ArrServer] = ()


class Settings(Struct, frozen=True):
    """Every setting; paths are absolute once loaded, relative ones counted from the file.

    Of the `[notify.NAME]` tables, `notify` are the media servers and `people` the others.
    """

    library: Path = Path("library")
    database: Path = Path("strmctl.db")
    proxy: ProxySettings = field(default_factory=ProxySettings)
    serve: ServeSettings = field(default_factory=ServeSettings)
    upstream: UpstreamSettings = field(default_factory=UpstreamSettings)
    probe: ProbeSettings = field(default_factory=ProbeSettings)
    safety: SafetySettings = field(default_factory=SafetySettings)
    naming: NamingSettings = field(default_factory=NamingSettings)
    maintain: MaintainSettings = field(default_factory=MaintainSettings)
    arr: ArrSettings = field(default_factory=ArrSettings)
    resolvers: Sequence[ResolverSettings] = ()
    notify: Sequence[NotifySettings] = ()
    people: Sequence[NotifySettings] = ()

    @property
    def resolver_names(self) -> frozenset[str]:
        return frozenset(table.name for table in self.resolvers)

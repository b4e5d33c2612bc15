"""What one check of one upstream URL found; nothing in it tells the URL."""

from dataclasses import dataclass, field
from enum import StrEnum

from strmctl.domain.media.extent import Extent


class Failure(StrEnum):
    """The kinds that DESIGN.md section 7 judges differently."""

    NOT_MEDIA = "not_media"
    """2xx, but a web page, JSON, nothing, or a playlist that is none (a soft 404)."""
    OTHER_CONTENT = "other_content"
    """Media, but of another length than was known: a short clip where a film was."""
    GONE = "gone"
    """410."""
    STATUS = "status"
    """404, and every other status that is not named here."""
    SERVER_ERROR = "server_error"
    """5xx."""
    UNREACHABLE = "unreachable"
    """No connection, or no such name."""
    NO_ANSWER = "no_answer"
    """A connection that ended without an HTTP answer."""
    TIMEOUT = "timeout"
    REFUSED = "refused"
    """401 or 403."""
    LEGAL = "legal"
    """451."""
    RATE_LIMITED = "rate_limited"
    """429."""
    NOT_CHECKED = "not_checked"
    """The guard refuses to ask, or no URL was to be had: nothing can be said about the link."""


_NETWORK = frozenset({Failure.UNREACHABLE, Failure.NO_ANSWER, Failure.TIMEOUT})
_PASSING = frozenset({Failure.UNREACHABLE, Failure.NO_ANSWER, Failure.SERVER_ERROR})


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """`failure` is None for a link that brings media; `status` None where no HTTP answer came.

    `reason` is for people; `retry_after` is in seconds; `binding` tells what the URL says it is
    bound to, where it was refused. `by_egress` says that the egress answered for the upstream,
    `page` tells a page that came without TLS from others, which a captive portal may have sent;
    `extent` is how much there is of what the link brings.
    """

    status: int | None
    failure: Failure | None = None
    reason: str | None = None
    retry_after: float | None = None
    binding: str | None = None
    by_egress: bool = False
    page: str = field(default="", compare=False, repr=False)
    extent: Extent | None = field(default=None, compare=False)

    @property
    def is_alive(self) -> bool:
        return self.failure is None

    @property
    def is_network_failure(self) -> bool:
        """Whether the egress may be at fault as well."""
        return self.failure in _NETWORK

    @property
    def is_the_link_s(self) -> bool:
        """Whether nobody but the link's own host can have caused it."""
        return not (self.is_network_failure or self.page)

    @property
    def may_pass(self) -> bool:
        """Whether to ask once more right away is worth it."""
        return self.failure in _PASSING

"""Every error a user can meet knows its exit code and its HTTP status.

StrmctlError               1  500  unexpected
├── UsageError             2  400  the call or the input is wrong
├── ForbiddenError         2  403  a signature or key that does not verify
├── SettingsError          3  500  a setting, key file or port that cannot be used
├── DatabaseError          4  503  the database cannot be opened, read or migrated
├── LockedError            5  409  another run holds the lock
├── ItemError             12  502  one item failed, the others go on
│   ├── ResolverError     12  502  the resolver gave no usable answer
│   └── UpstreamError     12  502  the upstream gave no usable answer
├── EgressError           13  502  the egress is down, nothing was concluded
└── SafetyError           25  409  a safety limit stopped the change

Where a run ends in several ways at once the most severe wins: 25 before 13, 10 (dead links or
drift were found) and 12, since what is known to be dead needs somebody more than what one item
kept from being known.

Messages are one line: what is wrong, where, what to do. They never hold an upstream URL, a
token, a header value or a key.
"""

from typing import Self

DRIFT = 10
"""The exit code of what a run has found and not mended; it is no error."""


class StrmctlError(Exception):
    exit_code = 1
    http_status = 500


class UsageError(StrmctlError):
    exit_code = 2
    http_status = 400


class ForbiddenError(StrmctlError):
    exit_code = 2
    http_status = 403


class SettingsError(StrmctlError):
    exit_code = 3


class SettingError(SettingsError):
    """A value that only its user can judge; where it was set, the command line adds.

    `key` is as in the settings ("naming.film", "resolvers.nas.url"), `what` is wrong with it.
    """

    def __init__(self, key: str, what: str) -> None:
        self.key, self.what = key, what
        section, _, option = key.rpartition(".")
        named = f"[{section}] {option}" if "." in section else key
        super().__init__(f"{named}: {what}")


class DatabaseError(StrmctlError):
    exit_code = 4
    http_status = 503


class LockedError(StrmctlError):
    exit_code = 5
    http_status = 409


class ItemError(StrmctlError):
    exit_code = 12
    http_status = 502


class ResolverError(ItemError):
    """The resolver gave no usable answer.

    `http_status` is 404 for an episode that does not exist (or not in this language), 503 for
    "later", 504 for a timeout, 502 for everything else; `retry_after` is in seconds; `unasked`
    says that the library knows too little to ask it, `by_egress` that its egress does not lead to
    it.
    """

    def __init__(
        self,
        message: str,
        *,
        http_status: int = 502,
        retry_after: float | None = None,
        unasked: bool = False,
        by_egress: bool = False,
    ) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.retry_after = retry_after
        self.unasked = unasked
        self.by_egress = by_egress
        if by_egress:
            self.exit_code = EgressError.exit_code

    @property
    def is_answer(self) -> bool:
        """It speaks of the episode; every other failure is the resolver's own trouble."""
        return self.http_status == 404


class UpstreamError(ItemError):
    """The upstream gave no usable answer.

    `status` is what it answered, None where it answered nothing, and that of the redirect where
    the guard refuses its target; `http_status` is what the player is told; `retry_after` is in
    seconds; `lasting` says that asking the same URL again would not help, `final` that another
    resolution of the same identity would not help either, `unreachable` that there was not even
    a connection; `by_egress` that the egress said so, which may speak of itself; `refused` is the
    address or name that the guard refuses and `upstream.allow` can let through.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        http_status: int = 502,
        retry_after: float | None = None,
        lasting: bool = False,
        final: bool = False,
        unreachable: bool = False,
        by_egress: bool = False,
        refused: str = "",
    ) -> None:
        super().__init__(message)
        self.by_egress = by_egress
        self.refused = refused
        self.unreachable = unreachable
        self.lasting = lasting
        self.final = final
        self.status = status
        self.http_status = http_status
        self.retry_after = retry_after

    def made_anew(self, *, status: int | None = None, lasting: bool | None = None) -> Self:
        """The same failure with more known of it; None leaves what was known."""
        return type(self)(
            str(self),
            status=self.status if status is None else status,
            http_status=self.http_status,
            retry_after=self.retry_after,
            lasting=self.lasting if lasting is None else lasting,
            final=self.final,
            unreachable=self.unreachable,
            by_egress=self.by_egress,
            refused=self.refused,
        )


class EgressError(StrmctlError):
    exit_code = 13
    http_status = 502


class SafetyError(StrmctlError):
    exit_code = 25
    http_status = 409

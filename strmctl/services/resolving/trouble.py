"""A resolver that fails says nothing about its links: a run reports its trouble once.

A run gives it up only after several failures in a row (DESIGN.md section 6), and after more of
them once it has answered: if it fails for half of a library, six in a row will come by chance.
"No such episode" is an answer.
"""

from msgspec import Struct

from strmctl.domain.counted import counted
from strmctl.domain.digest import FAILED, Finding
from strmctl.domain.patience.patience import RESOLVER_LATER
from strmctl.errors import ResolverError

_IN_A_ROW = 6
_IN_A_ROW_AFTER_AN_ANSWER = 20
_AT_A_SECOND_LOOK = 2
"""So many more failures give up a resolver that was asked once more (docs/resolvers.md)."""


class ResolverTrouble(Struct, frozen=True):
    """`links` were not renewed because of it; `reason` is its first failure, with its name."""

    resolver: str
    reason: str
    links: int
    by_egress: bool = False


class _Trouble(Struct):
    first: ResolverError | None = None
    in_a_row: int = 0
    has_answered: bool = False
    links: int = 0
    given_up: bool = False

    @property
    def most(self) -> int:
        """The failures in a row that end its turn."""
        return _IN_A_ROW_AFTER_AN_ANSWER if self.has_answered else _IN_A_ROW


class Troubles:
    """The troubles of the resolvers that one run asks, by their names."""

    def __init__(self) -> None:
        self._by_name: dict[str, _Trouble] = {}

    def answered(self, resolver: str) -> None:
        """If it had been given up meanwhile, it is asked again."""
        trouble = self._by_name.setdefault(resolver, _Trouble())
        trouble.has_answered, trouble.in_a_row, trouble.given_up = True, 0, False

    def failed(self, resolver: str, error: ResolverError, *, rests: bool = False) -> None:
        """Count a failure, even if its link is asked for again later. A resolver that `rests` is
        given up at once, unless it still answers what it was asked before."""
        trouble = self._by_name.setdefault(resolver, _Trouble())
        trouble.first = trouble.first or error
        # A series without the id that it needs says nothing about other series.
        trouble.in_a_row += not error.unasked
        trouble.given_up = trouble.given_up or rests or trouble.in_a_row >= trouble.most

    def look_again(self, resolver: str) -> None:
        """Let a few links from elsewhere in its queue decide whether it is at fault."""
        trouble = self._by_name[resolver]
        trouble.given_up, trouble.in_a_row = False, trouble.most - _AT_A_SECOND_LOOK

    def leave_link(self, resolver: str) -> None:
        """One more link is not renewed in this run."""
        self._by_name[resolver].links += 1

    def is_given_up(self, resolver: str) -> bool:
        trouble = self._by_name.get(resolver)
        return trouble is not None and trouble.given_up

    def first(self, resolver: str) -> ResolverError:
        """Its first failure, given for each link that was not renewed; it must have failed."""
        error = self._by_name[resolver].first
        assert error is not None, "a trouble begins with a failure"
        return error.with_traceback(None)

    def found(self) -> list[ResolverTrouble]:
        """Troubles because of which a link was not renewed."""
        return [
            ResolverTrouble(name, str(first), trouble.links, first.by_egress)
            for name, trouble in self._by_name.items()
            if trouble.links and (first := trouble.first) is not None
        ]


def asks_for_patience(error: ResolverError) -> float | None:
    """The seconds after which a run asks once more; None where it does not wait."""
    wait = error.retry_after
    is_later = error.http_status == 503 and wait is not None
    return wait if is_later and wait is not None and wait <= RESOLVER_LATER.longest else None


def trouble_line(trouble: ResolverTrouble) -> str:
    return f"{trouble.reason}: {counted(trouble.links, 'link')} not renewed"


def trouble_finding(trouble: ResolverTrouble) -> Finding:
    """The trouble as a finding of the digest."""
    name = f"resolver {trouble.resolver}"
    return Finding("", name, FAILED, links=trouble.links, line=trouble_line(trouble))

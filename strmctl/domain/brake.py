"""A run that would change much of the library stops before it does (SECURITY.md, point 6)."""

from collections import Counter
from collections.abc import Mapping

from strmctl.domain.counted import counted
from strmctl.errors import SafetyError

ALWAYS_ALLOWED = 20
"""So many changes never stop a run: a small library would not be able to change at all."""

_SHOWN = 3


def check(
    changes: int,
    total: int,
    max_change: float | None,
    what: str,
    *,
    groups: Mapping[str, int] | None = None,
    advice: str = "look into it",
) -> None:
    """Raises SafetyError for more than `max_change` (a share) of `total` and more than 20.

    `max_change` None lets everything through (--force). `what` completes "30 of 100 …", such as
    "links would be marked dead"; `groups` says what most of them are, `advice` what to check.
    """
    if max_change is None or changes <= ALWAYS_ALLOWED or changes <= max_change * total:
        return
    raise SafetyError(
        f"{changes} of {total} {what}, more than safety.max_change ({max_change:g}) lets one run "
        f"do: nothing of it was done{_most(groups or {})}; {advice}, then run again with --force "
        "if it is right"
    )


def _most(groups: Mapping[str, int]) -> str:
    """The largest groups, as in " (show: gone 40, 2 more groups with 9)"."""
    if not groups:
        return ""
    largest = Counter(groups).most_common(_SHOWN)
    shown = [f"{name}: {number}" for name, number in largest]
    rest = len(groups) - len(largest)
    if rest:
        left = sum(groups.values()) - sum(number for _name, number in largest)
        shown.append(f"{counted(rest, 'more group')}: {left}")
    return f" ({'; '.join(shown)})"

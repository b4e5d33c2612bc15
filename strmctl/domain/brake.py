"""A run that would change much of the library stops before it does (SECURITY.md, point 6)."""

from strmctl.errors import SafetyError

ALWAYS_ALLOWED = 20
"""So many changes never stop a run: a small library would not be able to change at all."""


def check(changes: int, total: int, max_change: float, what: str) -> None:
    """Raises SafetyError for more than `max_change` (a share) of `total` and more than 20.

    `what` completes "30 of 100 …", such as "links would be marked dead".
    """
    if changes <= ALWAYS_ALLOWED or changes <= max_change * total:
        return
    raise SafetyError(
        f"{changes} of {total} {what}, more than safety.max_change ({max_change:g}) lets one run "
        "do: nothing of it was done; look into it, then run again with --force if it is right"
    )

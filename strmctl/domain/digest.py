"""What a person is told of many links: one line for each group of series, state and reason."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, structs

MOST_LINES = 20
FAILED = "failed"
"""The state of a finding that is no link's state: it could not be asked, or not be renewed."""

Told = Mapping[tuple[str, str], datetime]
"""When a finding of this subject and state was shown last."""

_NAME = 40
_REASON = 120

# An identity's own text (domain/identity.py), and numbers that differ from link to link.
_IDENTITY = re.compile(r"\S+/\S+(?: S\d{2,}E\d{2,})? \([^()]*\)")
_VARIES = re.compile(
    r"\b\d+(?:,\d{3})*(?:\.\d+)?(?= ?(?:ms|s|min|h|days?|bytes|kB|KiB|MB|MiB|GB|%)(?!\w))"
)
_COUNTS = re.compile(r"\b\d+ of \d+\b")
_AROUND = " :;,"


class Finding(Struct, frozen=True):
    """So many links of a series that have one state, or came to one outcome, for one reason.

    `ids` are those of the links where it is known which they are; `line` is what is said of
    something that is no link: a host, a resolver.
    """

    site: str
    series: str
    state: str
    reason: str = ""
    links: int = 1
    ids: tuple[int, ...] = ()
    is_film: bool = False
    line: str = ""

    @property
    def subject(self) -> str:
        """What it is about: a reason that changes makes no new finding."""
        return str(self.ids[0]) if self.ids else self.series


class Group(Struct, frozen=True):
    """Findings that are told in one line."""

    site: str
    series: str
    state: str
    reason: str
    links: int
    ids: tuple[int, ...] = ()
    is_film: bool = False
    line: str = ""

    @property
    def text(self) -> str:
        """`series-05: 48 episodes dead, HTTP 404`; everything in it fits on a line."""
        if self.line:
            return self.line
        if self.is_film and self.links == 1:
            what = self.state
        else:
            thing = "film" if self.is_film else "episode"
            what = f"{self.links:,} {thing}{'' if self.links == 1 else 's'} {self.state}"
        text = f"{shortened(self.series)}: {what}"
        return f"{text}, {self.reason}" if self.reason else text


def grouped(findings: Iterable[Finding]) -> list[Group]:
    """The largest first; of one size in the order of their names, so that two mails compare."""
    groups: dict[tuple[str, str, str, str], Group] = {}
    for each in findings:
        reason = general(each.reason)
        key = (each.site, each.series, each.state, _VARIES.sub("#", reason))
        known = groups.get(key)
        if known is None:
            groups[key] = Group(
                each.site,
                each.series,
                each.state,
                reason,
                each.links,
                each.ids,
                each.is_film,
                each.line,
            )
        else:
            groups[key] = structs.replace(
                known,
                links=known.links + each.links,
                ids=known.ids + each.ids,
                is_film=known.is_film and each.is_film,
            )
    return sorted(groups.values(), key=lambda it: (-it.links, it.site, it.series, it.state))


def due(findings: Iterable[Finding], told: Told, now: datetime, remind: timedelta) -> list[Finding]:
    """Findings that were not shown within `remind`; a clock that was set back hides nothing."""
    found = []
    for each in findings:
        at = told.get((each.subject, each.state))
        if at is None or not timedelta(0) <= now - at < remind:
            found.append(each)
    return found


def lines(groups: Sequence[Group], rest: str, most: int = MOST_LINES) -> list[str]:
    """At most so many, and one more for what is left; `rest` is a command that shows all."""
    shown = [group.text for group in groups[:most]]
    left = len(groups) - len(shown)
    if left:
        shown.append(f"… and {left:,} more group{'' if left == 1 else 's'}: `{rest}`")
    return shown


def general(reason: str) -> str:
    """A reason without the name of the link that it is about: many links may share it."""
    text = " ".join(_IDENTITY.sub("", " ".join(reason.split())).split())
    text = re.sub(r"(?:\s*[:;,]){2,}", ":", text).replace(" :", ":").strip(_AROUND)
    return shortened(text, _REASON)


def lasting(reason: str) -> str:
    """A reason without the numbers that differ from run to run."""
    return _COUNTS.sub("#", _VARIES.sub("#", reason))


def shortened(text: str, most: int = _NAME) -> str:
    """Cut in the middle: both ends tell names apart."""
    if len(text) <= most:
        return text
    head = most // 2
    return f"{text[:head].rstrip()}…{text[len(text) - (most - 1 - head) :].lstrip()}"

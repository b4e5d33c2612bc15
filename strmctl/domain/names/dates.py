"""A date in a name tells when an episode was shown, not which one it is."""

import re

_YEAR, _MONTH, _DAY = r"(?:19|20)\d\d", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
_SEP = r"[-._ /]"
FORM = re.compile(
    rf"(?<!\d)(?:{_YEAR}{_SEP}(?:{_MONTH}{_SEP}{_DAY}|{_DAY}{_SEP}{_MONTH})"
    rf"|(?:{_DAY}[-._]{_MONTH}|{_MONTH}[-._]{_DAY})[-._]{_YEAR}"
    rf"|{_YEAR}{_MONTH}{_DAY}"
    # "Show.07.01.15", "Show_140722_720p": behind a title, with a year of two digits.
    rf"|(?<=[^\W\d]\.)(?:{_DAY}\.{_MONTH}|{_MONTH}\.{_DAY})\.\d\d(?=$|\.[^\W\d])"
    rf"|(?<=[^\W\d][._])[012]\d{_MONTH}{_DAY}(?=[._]))(?!\d)"
    # A recorder's name goes on with the time: "2026年01月10日23時00分".
    r"|(?<!\d)(?:19|20)\d\d年\d{1,2}月\d{1,2}日"
)


def before(title: str) -> str:
    """`Show 2016 02 25` before `S20E142`: the date is none of the title's words."""
    dated = FORM.search(title)
    # Eight digits in a row may be the title's.
    return (
        title if dated is None or (dated[0].isdigit() and dated.start()) else title[: dated.start()]
    )

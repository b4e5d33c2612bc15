"""Numbers in names are digits of any script, Chinese numerals or English ordinals; dates none."""

import re

# Digits of every script are decimal to `int` too: Arabic-Indic, Thai, full-width.
NUMBER = r"(?:\d{1,5}|[零〇一二三四五六七八九十百]{1,5})"

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0}
_ORDINALS = {
    word: number
    for number, word in enumerate("first second third fourth fifth sixth seventh".split(), 1)
}
ORDINAL = rf"(?:\d{{1,2}}(?:st|nd|rd|th)|{'|'.join(_ORDINALS)})"

_YEAR, _MONTH, _DAY = r"(?:19|20)\d\d", r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
_SEP = r"[-._ /]"
_MONTHS = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
DATE = re.compile(
    rf"(?<!\d)(?:{_YEAR}{_SEP}(?:{_MONTH}{_SEP}{_DAY}|{_DAY}{_SEP}{_MONTH})"
    rf"|(?:{_DAY}[-._]{_MONTH}|{_MONTH}[-._]{_DAY})[-._]{_YEAR}"
    rf"|{_YEAR}{_MONTH}{_DAY}"
    # "Show.07.01.15", "Show_140722_720p": behind a title, with a year of two digits.
    rf"|(?<=[^\W\d]\.)(?:{_DAY}\.{_MONTH}|{_MONTH}\.{_DAY})\.\d\d(?=$|\.[^\W\d])"
    rf"|(?<=[^\W\d][._])[012]\d{_MONTH}{_DAY}(?=[._]))(?!\d)"
    # A recorder's name goes on with the time: "2026年01月10日23時00分".
    r"|(?<!\d)(?:19|20)\d\d年\d{1,2}月\d{1,2}日"
    # "Show.July.30.2021", "Show 2 mar 2013"; "22 July (2018)" is a film.
    rf"|(?<=[^\W_][ ._])(?:{_MONTHS}[ ._]\d{{1,2}},?|\d{{1,2}}[ ._]{_MONTHS})[ ._]"
    r"(?:19|20)\d\d(?!\d)",
    re.IGNORECASE,
)
"""It tells when an episode was shown, not which one it is."""


def value(text: str) -> int:
    """Of what NUMBER or ORDINAL matches."""
    digits = re.match(r"\d+", text)
    if digits:
        return int(digits[0])
    return _ORDINALS[text.lower()] if text.lower() in _ORDINALS else _chinese(text)


def _chinese(text: str) -> int:
    if not {"十", "百"} & set(text):
        return int("".join(str(_DIGITS[char]) for char in text))
    total = 0
    digit: int | None = None
    for char in text:
        if char in "十百":
            # A numeral without a digit before its unit means one of it: 十二 is 12.
            total += (1 if digit is None else digit) * (10 if char == "十" else 100)
            digit = None
        else:
            digit = _DIGITS[char]
    return total + (digit or 0)


def before_date(title: str) -> str:
    """`Show 2016 02 25` before `S20E142`: the date is none of the title's words."""
    dated = DATE.search(title)
    # Eight digits in a row may be the title's.
    return (
        title if dated is None or (dated[0].isdigit() and dated.start()) else title[: dated.start()]
    )

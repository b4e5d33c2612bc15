"""Numbers in names are digits of any script, Chinese numerals, or English ordinals."""

import re

# Digits of every script are decimal to `int` too: Arabic-Indic, Thai, full-width.
NUMBER = r"(?:\d{1,5}|[零〇一二三四五六七八九十百]{1,5})"

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0}
_ORDINALS = {
    word: number
    for number, word in enumerate("first second third fourth fifth sixth seventh".split(), 1)
}
ORDINAL = rf"(?:\d{{1,2}}(?:st|nd|rd|th)|{'|'.join(_ORDINALS)})"


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

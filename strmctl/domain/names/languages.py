"""A language is read only where languages stand: beside release words, in brackets, as a suffix.

A title may name a people: "Russian Doll", "French Kiss", "The English Patient".
"""

import re
from collections.abc import Sequence

from strmctl.domain.names.words import is_release, is_strong

_WORDS = {
    "de": "german deutsch ger deu german-dub alemán",
    "en": "english eng englisch anglais",
    "fr": "french français francais fra fre truefrench vf vff vfq vostfr subfrench französisch",
    "it": "italian italiano ita italienisch",
    "es": "spanish español espanol spa castellano latino esp spanisch",
    "pt": "portuguese português portugues por ptbr pt-br dublado legendado portugiesisch",
    "ja": "japanese japanisch jpn jap 日本語 日语 日語",
    "ko": "korean koreanisch kor 한국어",
    "zh": "chinese chinesisch chi zho mandarin cantonese 中文 国语 國語 粤语 粵語",
    "ru": "russian rus russisch русский",
    "pl": "polish pol polnisch polski lektor",
    "tr": "turkish tur türkisch türkçe turkce",
    "nl": "dutch nld niederländisch nederlands flemish vlaams",
    "sv": "swedish swe schwedisch svenska",
    "da": "danish dan dänisch dansk",
    "no": "norwegian nor norwegisch norsk",
    "fi": "finnish fin finnisch suomi",
    "cs": "czech cze ces tschechisch čeština",
    "hu": "hungarian hun ungarisch magyar",
    "ar": "arabic ara arabisch العربية",
    "he": "hebrew heb hebräisch עברית",
    "hi": "hindi hin",
    "th": "thai tha ไทย",
    "uk": "ukrainian ukr українська",
    "el": "greek gre ell griechisch ελληνικά",
    "ro": "romanian ron rum rumänisch română",
    "vi": "vietnamese vie vietnamesisch",
    "id": "indonesian ind",
    "bg": "bulgarian bul bulgarisch",
}
_CODES = {word: code for code, words in _WORDS.items() for word in words.split()}
# Words of other languages too, hence only in brackets or as a last suffix: "it", "es", "no".
_SHORT = frozenset(_WORDS)
_KIND = frozenset("dub dubbed sub subbed subs omu audio synchro untertitel ov".split())
_BRACKETS = re.compile(r"[\[({【]([^\[\](){}【】]{2,40})[\])}】]")
_LAST = re.compile(r"\.([A-Za-z]{2,3})$")
_LEAST_ALONE = 4
_DUBBED_IN_FRENCH = frozenset({"vf", "vff", "vfq"})
_GLUED = re.compile(r"^([a-z]{3})(?:dub|sub|subs)$")
_WITH_GROUP = re.compile(r"^([A-Za-z]{3,})-\w+$")
_SPLIT = re.compile(r"[\s._]+")
# `pt-BR`, `zh-Hans`, `es-419` (RFC 5646); [DE-EN] and [de-en] are two languages.
_REGION = re.compile(r"(?<=[.\[({])([a-z]{2})-(?:[A-Z]{2}|[A-Z][a-z]{3}|\d{3})(?![^\W_])")


def language(tail: str) -> str | None:
    """From behind the title, the year or the episode's mark; None where none stands there."""
    tail = _REGION.sub(r"\1", tail)
    return in_brackets(tail) or _as_suffix(tail) or _alone(tail) or _beside_release_words(tail)


def is_language(word: str) -> bool:
    return word.casefold() in _CODES


def code(word: str) -> str | None:
    """`de` of `german` and `ger`, None where the word is not known."""
    return _CODES.get(word.casefold())


def in_brackets(tail: str, *, short: bool = True) -> str | None:
    """`short`: codes of two letters count as well."""
    for inside in _BRACKETS.findall(tail):
        # "Show (UK)" is Britain's: of a language's own code nobody writes "(UA)" so.
        if inside == "UK":
            continue
        words = [word for word in re.split(r"[\s._+&,/-]+", inside.casefold()) if word]
        codes = [_code(word, short=short) for word in words if word not in _KIND]
        # Two languages are no one's: [JA+DE] says what can be chosen.
        if codes and None not in codes and len(set(codes)) == 1:
            return codes[0]
    return None


def _as_suffix(tail: str) -> str | None:
    """`… - German Dub`, which strmctl writes, and `….de`, as subtitles are named."""
    last = _LAST.search(tail)
    if last and (code := _code(last[1].casefold(), short=True)):
        return code
    segments = re.split(r"\s[-–]\s", f" {tail.strip()} ")
    words = segments[-1].casefold().split()
    if len(segments) < 2 or not 1 <= len(words) <= 2:
        return None
    if len(words) == 2 and words[1] not in _KIND:
        return None
    return _code(words[0], short=False)


def _alone(tail: str) -> str | None:
    """`German Dub`, `.German.DL`: one language is all that stands there, with a release's words."""
    words = [word for word in re.split(r"[\s._-]+", tail.casefold()) if word]
    # "Fin" is an end, "Dan" a man.
    if len(words) == 1 and len(words[0]) < _LEAST_ALONE and words[0] not in _DUBBED_IN_FRENCH:
        return None
    known = [(word, _code(word, short=False)) for word in words]
    # "VOSTFR" is a release's word and says French.
    codes = {it for word, it in known if it or not (word in _KIND or is_release(word))}
    return codes.pop() if len(codes) == 1 else None


def _beside_release_words(tail: str) -> str | None:
    # The group's name stands behind the last word: "WEB-DL.GERMAN-SITE".
    words = [_WITH_GROUP.sub(r"\1", word.strip("-[](){}")) for word in _SPLIT.split(tail)]
    words = [word for word in words if word]
    if not any(map(is_strong, words)):
        return None
    for place, word in enumerate(words):
        code = _code(word.casefold(), short=False)
        if code is not None and _stands_beside(words, place):
            return code
    return None


def _stands_beside(words: Sequence[str], place: int) -> bool:
    """Only release words and languages from here to the end but the group's name, or before it."""
    rest = words[place + 1 :]
    follows = next((word for word in rest if not is_language(word)), None)
    before = words[place - 1] if place else None
    return (follows is not None and is_release(follows)) or (
        before is not None and is_strong(before)
    )


def _code(word: str, *, short: bool) -> str | None:
    word = _GLUED.sub(r"\1", word)
    return _CODES.get(word) or (word if short and word in _SHORT else None)

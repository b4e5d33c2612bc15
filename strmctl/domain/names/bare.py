"""Numbers without a mark: `Title - 01`, `[Group] Title - 01v2 [1080p]`, `標題-1`, `04 - Name`.

What the number means depends on the folder: in a season's folder it is the episode; beside a
series' folder it is the episode where the title agrees or the form leaves no other reading.
"""

import re
from collections.abc import Sequence

from msgspec import Struct, structs

from strmctl.domain.names import phrases, written
from strmctl.domain.names.folders import Folders
from strmctl.domain.names.languages import is_language
from strmctl.domain.names.marks import Mark
from strmctl.domain.names.words import SEASON, is_release, is_strong

_V = r"(?:[ ._]?v\d)?"
_N = rf"(?P<n>\d{{1,4}}){_V}(?:[ ]?(?:end|fin|final))?"
_RANGE = re.compile(rf"(?P<n>\d{{1,4}}){_V}[ ]?[-~–&+][ ]?(?P<last>\d{{1,4}}){_V}")
_ALONE = re.compile(_N, re.IGNORECASE)
_LEADING = re.compile(
    rf"{_N}(?:[ ._]*[-–:][ ._]*|\.[ ._]*|[ _]+|[、．]\s*)(?P<name>(?=.*[^\W\d_])[^\s._:–-].*)",
    re.IGNORECASE | re.DOTALL,
)
_POINTED = re.compile(r"(?P<n>\d{1,2})\.(?P<episode>\d{1,3})(?!\d)")
_RANGE_AND_NAME = re.compile(rf"{_RANGE.pattern}(?:[ ._]+-.*)?", re.DOTALL)
_DASHED = re.compile(
    rf"(?P<before>.*?\S)(?:[ _.]+[-–—][ _.]*|[ ._]#)(?:{_RANGE.pattern.replace('<n>', '<r>')}|{_N})"
    rf"(?=$|[ ._]+[-–—]|[ ._]*[\[(]|[ _]+[^\W\d])(?P<after>.*)",
    re.IGNORECASE | re.DOTALL,
)
_NUMBER_AND_NAME = re.compile(rf"[ _.]+[-–—][ _.]*{_N}(?P<after> [-–—] \d+ [^\W\d].*)", re.DOTALL)
_TIGHT = re.compile(rf"(?P<before>.*[^\s_#-])[-_#]{_N}", re.IGNORECASE | re.DOTALL)
# Scripts that put no space between words: `剧名01`.
_GLUED = re.compile(r"(?P<before>.*[^\x00-\x7f\d])(?P<n>\d{2,4})", re.DOTALL)
_SPACED = re.compile(rf"(?P<before>.*\D)[ ._]{_N}", re.IGNORECASE | re.DOTALL)
# "01.5" recaps, "04.1" is a part of it.
_HALF = re.compile(r"(?:^|[ ._][-–][ ._]?)\d{1,4}\.(?:5|[1-9](?=[ ._]*(?:$|[\[(])))(?=$|[ ._\[(])")
_BRACKETED = re.compile(r"[\[【](?P<inside>[^\[\]【】]*)[\]】]")
_IN_BRACKETS = re.compile(rf"(?:第|EP?|#)?{_N}[话話集回]?[完终終]?", re.IGNORECASE)
# "★10月新番★": the season that a series began in.
_NEWS = re.compile(r"[\[【]?[★☆]?\s*\d{1,2}月新番\s*[★☆]?[\]】]?")
# "Show.205.720p" in no season's folder is episode 5 of season 2.
_HUNDREDS = re.compile(r"[^\s._-][ ._]\d{3}[ ._]")
_PADDED = re.compile(
    r"(?P<before>.*[^\W_][!?]*)"
    r"(?:(?<!\d)-(?P<n>0\d{1,2})|[ _](?P<m>0\d{1,2})(?:v\d)?(?:$|[ _](?P<after>[^\W\d].*)))",
    re.DOTALL,
)
_SPECIAL_ALONE = re.compile(r"[ ._]-?[ ._]?(?:special|ova|oad)$", re.IGNORECASE)
_SPECIAL_BEHIND = re.compile(
    r"[ ._-]*(?:[^\W\d_]+[ ._])?special(?![^\W_]|[ ._](?:edition|cut|version))", re.IGNORECASE
)
_TAIL = re.compile(r"(?:[ ._]*(?:\[[^\[\]]*\]|\([^()]*\)|【[^【】]*】|\{[^{}]*\}))+$")
_LETTERED = re.compile(r" [-–] \d{2,4}[a-d] [-–] ")
_GROUP = re.compile(r"^\s*\[[^\[\]]*\][ _.]*(?=\S)")

# "Show Season 2" numbers no episode, unless a series is called "Series".
_ENDS_IN_SEASON = re.compile(rf"(?<![^\W_])(?:{SEASON})[ ._#-]*$", re.IGNORECASE)

_MAYBE_YEAR = "its number may be a year or an episode"


class Bare(Struct, frozen=True):
    """A number that may be an episode's; `doubt` says why it may be none."""

    mark: Mark
    doubt: str | None = None


def find(name: str, folders: Folders) -> Bare | None:
    if _HALF.search(name):
        number = Mark(name, "", None, 0)
        return Bare(number, "its number is that of half an episode: number it as a special")
    if (found := _all_in_brackets(name, folders)) is not None:
        return found
    tail = _TAIL.search(name)
    core, release = _GROUP.sub("", _TAIL.sub("", name)).strip(" _.~").rstrip(" _.-"), ""
    if folders.holds_season or _GROUP.match(name) or not _HUNDREDS.search(core):
        core, release = _without_release(core)
    if _GROUP.match(name) and (found := _of_a_group(core)) is not None:
        return found
    for form in (_alone, _leading, _dashed, _tight, _spaced):
        if (found := form(core, folders)) is not None:
            ends_in_season = _ENDS_IN_SEASON.search(found.mark.before) is not None
            if folders.holds_season and ends_in_season and not _agrees(found.mark.before, folders):
                return None
            behind = f"{found.mark.after}{release}{tail[0] if tail else ''}"
            return structs.replace(found, mark=structs.replace(found.mark, after=behind))
    return None


def is_special(name: str) -> bool:
    """`Show - Special`, `Show.2013.Christmas.Special.HDTV`; "Holiday Special 1978" is a film."""
    released = written.read_release(name)
    texts = (without_tags(name), released.title or "") if released.year is None else (name,)
    return bool(_SPECIAL_BEHIND.match(released.rest)) or any(map(_SPECIAL_ALONE.search, texts))


def without_tags(name: str) -> str:
    """Without the brackets at its end."""
    return _TAIL.sub("", name)


def _without_release(core: str) -> tuple[str, str]:
    """`Title.-.09.1280x720.10bit` and `Title - 01 DVD - Group`: parted behind the number."""
    for match in re.finditer(r"(?<=\d)[ ._]+(?P<word>[^\s._]+)", core):
        if _is_release_s(core[match.start() :]):
            return core[: match.start()], core[match.start() :]
    return core, ""


def _is_release_s(text: str) -> bool:
    """`Vostfr HD 8bits`: words of a release and languages up to one that no title holds."""
    for word in re.split(r"[ ._]+", text.strip(" ._")):
        if is_strong(word):
            return True
        if not (is_release(word) or is_language(word)):
            return False
    return False


def _alone(core: str, folders: Folders) -> Bare | None:
    whole = _ALONE.fullmatch(core)
    ranged = _RANGE_AND_NAME.fullmatch(core)
    if ranged is not None and folders.holds_season and int(ranged["last"]) > int(ranged["n"]):
        return Bare(Mark("", "", None, int(ranged["n"]), int(ranged["last"])))
    if whole is None or (folders.series is None and not folders.holds_season):
        return None
    doubt = None
    if written.is_year(int(whole["n"])) and not folders.holds_season:
        doubt = "its name is a number that may be a year or an episode"
    return Bare(Mark("", "", None, int(whole["n"])), doubt)


def _leading(core: str, folders: Folders) -> Bare | None:
    """`04 - Behind` in a season's folder; elsewhere only where the number is padded."""
    match = _LEADING.fullmatch(core)
    if match is None:
        return None
    if (pointed := _POINTED.match(core)) is not None:
        # "1.05 Name" in season 1; in any other folder it may be a version or a date.
        same = folders.season == int(pointed["n"])
        return Bare(Mark("", match["name"], None, int(pointed["episode"]))) if same else None
    # "12 Monkeys" and "24 - Redemption" are titles; nobody pads those.
    padded = len(match["n"]) >= 2 and match["n"].startswith("0")
    if not folders.holds_season and not (padded and folders.series is not None):
        return None
    # "2005 Christmas Special" numbers nothing.
    doubt = _MAYBE_YEAR if written.is_year(int(match["n"])) else None
    return Bare(Mark("", match["name"], None, int(match["n"])), doubt)


def _dashed(core: str, folders: Folders) -> Bare | None:
    match = _DASHED.fullmatch(core)
    if match is None:
        return None
    text, last = (match["r"], match["last"]) if match["r"] else (match["n"], None)
    if last is not None and (named := _NUMBER_AND_NAME.match(core, match.end("before"))):
        # "Title - 116 - 360 Degrees".
        last, after = None, named["after"]
    else:
        after = match["after"]
    if last is not None and int(last) <= int(text):
        return None
    is_alone = not after.strip() or after.lstrip(" ._")[:1] in "-–—[("
    is_alone = is_alone or core[match.end("before") :].lstrip(" ._").startswith("#")
    if not is_alone and not (folders.holds_season and len(text) >= 2):
        return None
    title, season = phrases.season_at_end(match["before"])
    number = int(text)
    doubt = None
    if written.is_year(number) and not _agrees(title, folders) and not folders.holds_season:
        doubt = _MAYBE_YEAR
    return Bare(Mark(title, after, season, number, int(last) if last else None), doubt)


def _tight(core: str, folders: Folders) -> Bare | None:
    """`標題-1`: only beside a folder that bears the title, since "Catch-22" is a title itself."""
    match = _TIGHT.fullmatch(core) or _GLUED.fullmatch(core)
    if match is None or not (_agrees(match["before"], folders) or folders.holds_season):
        return None
    return Bare(Mark(match["before"], "", None, int(match["n"])))


def _spaced(core: str, folders: Folders) -> Bare | None:
    match = _SPACED.fullmatch(core)
    if match is None or match["before"].rstrip().endswith(("-", "(")):
        return None
    title, season = phrases.season_at_end(match["before"])
    agrees = _agrees(title, folders)
    if not agrees and not folders.holds_season:
        return None
    doubt = None
    if len(match["n"]) == 1 and not folders.holds_season:
        doubt = "its number may be an episode or that of a sequel"
    elif written.is_year(int(match["n"])) and not folders.holds_season:
        # "Se7en/Se7en.1995": no series has come near so many episodes.
        return None
    return Bare(Mark(title, "", season, int(match["n"])), doubt)


def _of_a_group(core: str) -> Bare | None:
    """`[Group] Title 07`: fansubs pad their numbers; a sequel's stands bare."""
    if (padded := _PADDED.fullmatch(core)) is not None and not _DASHED.fullmatch(core):
        title, season = phrases.season_at_end(padded["before"])
        return Bare(Mark(title, padded["after"] or "", season, int(padded["n"] or padded["m"])))
    match = _SPACED.fullmatch(core)
    if match is None or len(match["n"]) < 2 or written.is_year(int(match["n"])):
        return None
    if match["before"].rstrip(" ._").endswith(("-", "~", "–", "&", "+")):
        return None
    title, season = phrases.season_at_end(match["before"])
    return Bare(Mark(title, "", season, int(match["n"])))


def _all_in_brackets(name: str, folders: Folders) -> Bare | None:
    """`[Group][標題][01][1080P]`, as fansubs write it."""
    name = _NEWS.sub("", name)
    insides = list(_BRACKETED.finditer(name))
    for place, match in enumerate(insides):
        outside = _BRACKETED.sub("", name[: match.start()]).strip(" ._-")
        number = _IN_BRACKETS.fullmatch(match["inside"].strip())
        if number is None or (not outside and place == 0):
            continue
        if not outside:
            before = _title_in_brackets([it["inside"] for it in insides[:place]])
        elif _DASHED.fullmatch(outside) or _LETTERED.search(outside):
            # "Title - 101 - Name (x264) [449]": the dash's number is the episode's.
            return None
        else:
            before = re.sub(r"^\s*\[[^\[\]]*\]\s*(?=[^\s\[])", "", name[: match.start()])
        if is_strong(before.strip()) or written.is_year(int(number["n"])):
            continue
        title, season = phrases.season_at_end(before.strip(" ._-"))
        mark = Mark(title, name[match.end() :], season, int(number["n"]))
        is_open = not outside and folders.series is None
        return Bare(mark, _doubt_of_title(insides[:place]) if is_open else None)
    return None


def _doubt_of_title(insides: Sequence[re.Match[str]]) -> str | None:
    """`[Group][Title][Other Title][01]`: a group's name may hold two brackets as well."""
    named = [it["inside"] for it in insides[1:] if not is_release(it["inside"].strip())]
    latin = [text for text in named if re.match(r"\s*[A-Za-z]", text) and not is_language(text)]
    return "its name may hold two titles: rename it" if len(latin) > 1 else None


def _title_in_brackets(insides: list[str]) -> str:
    """The nearest one before the number; behind group and title, `[2019]` dates it."""
    named = [text for text in insides if not re.fullmatch(r"(?:19|20)\d\d", text.strip())]
    return named[-1] if len(named) > 1 else insides[-1]


def _agrees(title: str, folders: Folders) -> bool:
    """Whether the folder bears the title that stands before the number."""
    own = written.read(title)
    named = [it.title for it in (folders.series, folders.shelf) if it is not None and it.title]
    return own.title is not None and written.slug(own.title) in map(written.slug, named)

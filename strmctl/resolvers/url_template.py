"""A URL template with the parts of an identity in braces, percent-encoded where they are put in."""

import re
from collections.abc import Mapping
from string import Formatter
from urllib.parse import quote, unquote

from strmctl.discreet import Discreet
from strmctl.domain.identity import Identity
from strmctl.domain.media.subtitles import UNKNOWN
from strmctl.errors import ResolverError
from strmctl.resolvers.options import Options

_AUTHORITY = re.compile("https?://[^/?#]*", re.IGNORECASE)
_TO_QUOTE = re.compile(r"[^\x21-\x7e]+")

_SAMPLES: dict[str, str | int] = {
    "site": "example.org",
    "slug": "one-piece",
    "season": 1,
    "episode": 2,
    "language": "German",
    "provider": "VOE",
}


class UrlTemplate(Discreet, frozen=True):
    """`https://nas/{slug}/S{season:02}E{episode:02}.mkv`.

    Raises ValueError, with what is wrong, for names and format specifications that cannot be used.
    """

    hidden = ("text",)

    text: str

    def __post_init__(self) -> None:
        for _, name, specification, conversion in Formatter().parse(self.text):
            if name is None:
                continue
            if name not in _SAMPLES:
                raise ValueError(f"{{{name}}} is none of {', '.join(_SAMPLES)}")
            if conversion or "{" in (specification or ""):
                raise ValueError(f"{{{name}}} takes a plain format such as {{season:02}} only")
            format(_SAMPLES[name], specification or "")
        if not self.text.lower().startswith(("http://", "https://")):
            raise ValueError("needs http://… or https://…")

    def read(self, url: str) -> dict[str, str] | None:
        """The values that make `url`, None where it does not fit; a query may go on behind it."""
        pattern, seen = "", set[str]()
        for literal, name, _, _ in Formatter().parse(_quoted(self.text)):
            pattern += re.escape(literal)
            if name is not None:
                value = r"0*(?P<%s>\d+)" if name in ("season", "episode") else "(?P<%s>[^/?#&]+)"
                pattern += f"(?P={name})" if name in seen else value % name
                seen.add(name)
        found = re.fullmatch(rf"{pattern}/?(?:[&?#].*)?", url)
        return found and {name: unquote(value) for name, value in found.groupdict().items()}

    def fill(self, identity: Identity) -> str:
        """Raises ResolverError where the identity has no value for a name."""
        parts: list[str] = []
        for literal, name, specification, _ in Formatter().parse(_quoted(self.text)):
            parts.append(literal)
            if name is not None:
                parts.append(_encoded(identity, name, specification or ""))
        return "".join(parts)


def url_template(options: Options) -> UrlTemplate:
    """The option `url`; raises SettingsError where it is no template."""
    return _template(options, "url", options.text("url"))


def subtitle_templates(options: Options) -> Mapping[str, UrlTemplate]:
    """The option `subtitles`, by language; raises SettingsError where one is no template."""
    texts = options.texts("subtitles", unnamed=UNKNOWN)
    return {language: _template(options, "subtitles", texts[language]) for language in texts}


def _template(options: Options, key: str, text: str) -> UrlTemplate:
    try:
        return UrlTemplate(text)
    except ValueError as error:
        raise options.wrong(key, str(error)) from None


def _quoted(template: str) -> str:
    """Folders as a file manager shows them: `Serien & Filme`; what is encoded stays so."""
    start = _AUTHORITY.match(template)
    assert start is not None, "checked when it was made"
    return start[0] + _TO_QUOTE.sub(lambda found: quote(found[0]), template[start.end() :])


def _encoded(identity: Identity, name: str, specification: str) -> str:
    value = getattr(identity, name)
    if value is None:
        raise ResolverError(
            f"its template needs a {name}, which {identity} does not have", unasked=True
        )
    text = format(value, specification)
    # RFC 3986 section 5.2.4: percent-encoding leaves dots as they are.
    if text in (".", ".."):
        raise ResolverError(f"the {name} {text!r} would leave the template's folder")
    return quote(text, safe="")

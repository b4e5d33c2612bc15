"""What the keys of a `[resolvers.NAME]` table that only its kind knows have to hold."""

import re
from collections.abc import Sequence

from strmctl.domain.http.request_fields import request_fields
from strmctl.errors import SettingError, UpstreamError
from strmctl.resolvers.contract import check_options
from strmctl.settings.model import ResolverSettings


class Options:
    """Each method reads one option. Raises SettingError for a table with an unknown one."""

    def __init__(self, settings: ResolverSettings) -> None:
        check_options(settings)
        self._table = f"resolvers.{settings.name}"
        self._given = settings.options

    def text(self, key: str) -> str:
        value = self._given.get(key)
        if not (isinstance(value, str) and value.strip()):
            raise self.wrong(key, "needs text" if value is not None else "is missing")
        return value.strip()

    def optional_text(self, key: str) -> str | None:
        return self.text(key) if self._given.get(key) else None

    def words(self, key: str) -> list[str] | str:
        """A list of text, or one text that the caller splits."""
        value = self._given.get(key)
        if isinstance(value, list | tuple):
            if value and all(isinstance(word, str) for word in value):
                return list(value)
            raise self.wrong(key, "needs a list of text")
        if not (isinstance(value, str) and value.strip()):
            raise self.wrong(key, "needs text or a list of text" if value else "is missing")
        return value

    def fields(self, key: str) -> dict[str, str]:
        """A table of HTTP request fields, empty where it is not given."""
        value = self._given.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.wrong(key, 'needs a table such as { Referer = "https://…" }')
        try:
            return request_fields(value)
        except UpstreamError as error:
            raise self.wrong(key, f"cannot be sent: {error}") from None

    def texts(self, key: str, *, unnamed: str) -> dict[str, str]:
        """A table of text, or one text that is called `unnamed`; empty where it is not given."""
        value = self._given.get(key)
        if value is None:
            return {}
        table = value if isinstance(value, dict) else {unnamed: value}
        texts = {name: text.strip() for name, text in table.items() if isinstance(text, str)}
        if len(texts) == len(table) and all(texts.values()):
            return texts
        raise self.wrong(key, 'needs text, or a table such as { de = "https://…" }')

    def flag(self, key: str) -> bool:
        value = self._given.get(key)
        # The environment has only text.
        if str(value).lower() not in ("none", "true", "false"):
            raise self.wrong(key, "needs true or false")
        return str(value).lower() == "true"

    def patterns(self, key: str) -> Sequence[re.Pattern[str]]:
        """One regular expression or a list of them, in any case; empty where it is not given."""
        if self._given.get(key) in (None, "", [], ()):
            return ()
        words = self.words(key)
        try:
            return [
                re.compile(word, re.IGNORECASE | re.MULTILINE)
                for word in ([words] if isinstance(words, str) else words)
            ]
        except re.error as error:
            raise self.wrong(key, f"is no regular expression: {error}") from None

    def wrong(self, key: str, what: str) -> SettingError:
        return SettingError(f"{self._table}.{key}", what)

"""What a value hides is in no repr of it, alone or within another, however it came about."""

import pytest
from msgspec import field
from msgspec.structs import replace
from rich.pretty import pretty_repr

from strmctl.discreet import Discreet
from strmctl.domain.mapping import Resolution
from strmctl.domain.media.subtitles import Subtitle

SECRET = "token=hunter2"


class Address(Discreet, frozen=True):
    hidden = ("url", "headers")

    name: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    inner: "Address | None" = None


ADDRESS = Address("tv", f"http://tv/?{SECRET}", {"Cookie": SECRET})


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(ADDRESS, id="itself"),
        pytest.param([ADDRESS], id="in a list"),
        pytest.param(Address("a", "", inner=ADDRESS), id="in another"),
        pytest.param(replace(ADDRESS, name="b"), id="replaced"),
        pytest.param(Resolution(f"http://h/?{SECRET}", {"Cookie": SECRET}), id="a dataclass"),
    ],
)
def test_a_repr_shows_no_secret(value: object) -> None:
    assert SECRET not in repr(value)
    assert SECRET not in f"{value} {value!r} {value!s}"
    assert SECRET not in pretty_repr(value)


def test_what_is_not_hidden_is_shown() -> None:
    assert repr(ADDRESS) == "Address(name='tv', inner=None)"
    assert repr(replace(ADDRESS, inner=ADDRESS)).count("name='tv'") == 2


def test_what_is_hidden_counts_all_the_same() -> None:
    assert replace(ADDRESS, url="http://other/") != ADDRESS
    assert Subtitle("http://a/", "de") != Subtitle("http://b/", "de")

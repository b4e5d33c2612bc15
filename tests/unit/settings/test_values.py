"""Durations and sizes as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from strmctl.settings.hosts import hosts
from strmctl.settings.masking import hide_credentials
from strmctl.settings.values import duration, option, show_duration, size


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        pytest.param("10s", 10, id="seconds"),
        pytest.param("250ms", 0.25, id="milliseconds"),
        pytest.param("90m", 5400, id="minutes"),
        pytest.param("6h", 21600, id="hours"),
        pytest.param("1d", 86400, id="days"),
        pytest.param("1h30m", 5400, id="two-parts"),
        pytest.param("1.5h", 5400, id="fraction"),
        pytest.param(45, 45, id="number"),
        pytest.param("45", 45, id="bare"),
        pytest.param("0s", 0, id="zero"),
    ],
)
def test_durations(raw: object, seconds: float) -> None:
    assert duration(raw) == timedelta(seconds=seconds)


@pytest.mark.parametrize("raw", ["", "-1s", "10 s", "s", "1x", "1h!", True, None, [1], "nan", -5])
def test_what_is_no_duration(raw: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        duration(raw)


@pytest.mark.parametrize(
    ("raw", "count"),
    [
        pytest.param("16MiB", 16 * 1024**2, id="binary"),
        pytest.param("500kB", 500_000, id="decimal"),
        pytest.param("1.5 GiB", 1536 * 1024**2, id="fraction"),
        pytest.param(4096, 4096, id="number"),
        pytest.param("12", 12, id="bare"),
    ],
)
def test_sizes(raw: object, count: int) -> None:
    assert size(raw) == count


@pytest.mark.parametrize("raw", ["", "-1", "1TB!", "MiB", False, None])
def test_what_is_no_size(raw: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        size(raw)


@given(st.integers(min_value=0, max_value=10**12))
def test_a_shown_duration_reads_back(milliseconds: int) -> None:
    value = timedelta(milliseconds=milliseconds)
    assert duration(show_duration(value)) == value


@given(st.text(max_size=60))
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    try:
        assert duration(text) >= timedelta(0)
    except (ValueError, OverflowError):
        pass


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param("http://gate:8888", "http://gate:8888", id="plain"),
        pytest.param("socks5://u:p@gate:1", "socks5://***@gate:1", id="credentials"),
        pytest.param("http://h/p?token=t#f", "http://h/p?***", id="query"),
        pytest.param("", "", id="empty"),
        pytest.param("https://h/manifest.json", "https://h/manifest.json", id="an addon"),
        pytest.param(
            "https://h/key=k/u/manifest.json", "https://h/***/manifest.json", id="its key"
        ),
    ],
)
def test_credentials_are_hidden(url: str, shown: str) -> None:
    assert hide_credentials(url) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param(["p", "--token", "hunter2"], ["p", "--token", "***"], id="next word"),
        pytest.param(["p", "--api-key=hunter2"], ["p", "--api-key=***"], id="same word"),
        pytest.param(["p", "--use-key", "--fast"], ["p", "--use-key", "--fast"], id="no value"),
        pytest.param(["API_KEY=hunter2", "p"], ["API_KEY=***", "p"], id="variable"),
        pytest.param(["-H", "Authorization: hunter2"], ["-H", "Authorization: ***"], id="header"),
        pytest.param("p --token hunter2 x", "p --token ***", id="one text"),
        pytest.param(["--url=https://u:hunter2@h/p"], ["--url=https://***@h/p"], id="URL inside"),
        pytest.param("https://h/p?k=hunter2", "https://h/p?***", id="URL"),
        pytest.param("https://h/{slug}?k=hunter2", "https://h/{slug}?***", id="URL template"),
        pytest.param("http://[hunter2", "***", id="no URL"),
        pytest.param("https://token.example:1/x", "https://token.example:1/x", id="host"),
        pytest.param(["/opt/keys/get.py", "-n", 3], ["/opt/keys/get.py", "-n", 3], id="plain"),
        pytest.param({"a": {"cookie": "hunter2"}}, {"a": {"cookie": "***"}}, id="table"),
    ],
)
def test_secrets_in_the_options_of_a_resolver(value: object, shown: object) -> None:
    assert option("command").show(value) == shown


@pytest.mark.parametrize(
    "spelling",
    [
        pytest.param(["nas", "10.0.0.0/8"], id="TOML"),
        pytest.param("nas,10.0.0.0/8", id="commas"),
        pytest.param(' ["nas", "10.0.0.0/8"] ', id="the text of an array, as in an environment"),
    ],
)
def test_a_list_has_three_spellings(spelling: object) -> None:
    assert hosts(spelling) == ("nas", "10.0.0.0/8")


@pytest.mark.parametrize(
    ("entry", "read"),
    [
        pytest.param("cafe.de", "cafe.de", id="a name of hexadecimal letters"),
        pytest.param("1.fa.cc", "1.fa.cc", id="with a number in it"),
        pytest.param("FE80::1", "fe80::1/128", id="IPv6"),
        pytest.param("192.168.1.7/24", "192.168.1.0/24", id="a network with host bits"),
        pytest.param("10.0.0.1", "10.0.0.1/32", id="an address"),
    ],
)
def test_a_host_is_a_name_or_an_address(entry: str, read: str) -> None:
    assert hosts([entry]) == (read,)


@pytest.mark.parametrize("entry", ["10.0.0", "300.1.1.1", "a.b.7", "fe80:::1", "10.0.0.0/99"])
def test_what_looks_like_an_address_and_is_none_is_refused(entry: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the message is the settings' own
        hosts([entry])

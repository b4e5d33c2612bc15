"""References in playlists and Location fields mean what RFC 3986 says."""

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.urls.upstream_url import join

RFC_BASE = "http://a/b/c/d;p?q"


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        # RFC 3986 section 5.4.1
        ("g:h", "g:h"),
        ("g", "http://a/b/c/g"),
        ("./g", "http://a/b/c/g"),
        ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"),
        ("//g", "http://g"),
        ("?y", "http://a/b/c/d;p?y"),
        ("g?y", "http://a/b/c/g?y"),
        ("#s", "http://a/b/c/d;p?q#s"),
        ("g#s", "http://a/b/c/g#s"),
        ("g?y#s", "http://a/b/c/g?y#s"),
        (";x", "http://a/b/c/;x"),
        ("g;x", "http://a/b/c/g;x"),
        ("g;x?y#s", "http://a/b/c/g;x?y#s"),
        ("", "http://a/b/c/d;p?q"),
        (".", "http://a/b/c/"),
        ("./", "http://a/b/c/"),
        ("..", "http://a/b/"),
        ("../", "http://a/b/"),
        ("../g", "http://a/b/g"),
        ("../..", "http://a/"),
        ("../../", "http://a/"),
        ("../../g", "http://a/g"),
        # Section 5.4.2
        ("../../../g", "http://a/g"),
        ("/./g", "http://a/g"),
        ("/../g", "http://a/g"),
        ("g.", "http://a/b/c/g."),
        ("..g", "http://a/b/c/..g"),
        ("./../g", "http://a/b/g"),
        ("g/./h", "http://a/b/c/g/h"),
        ("g/../h", "http://a/b/c/h"),
        ("g?y/../x", "http://a/b/c/g?y/../x"),
        ("g#s/../x", "http://a/b/c/g#s/../x"),
        ("http:g", "http:g"),
    ],
)
def test_of_the_rfc(reference: str, url: str) -> None:
    assert join(RFC_BASE, reference) == url


@pytest.mark.parametrize(
    ("base", "reference", "url"),
    [
        pytest.param("https://h/a//b/i", "c.ts", "https://h/a//b/c.ts", id="empty segment in base"),
        pytest.param("https://h/a/i", "b//c.ts", "https://h/a/b//c.ts", id="empty segment"),
        pytest.param("https://h", "c.ts", "https://h/c.ts", id="no path"),
        pytest.param("https://h?x", "c.ts", "https://h/c.ts", id="no path, query"),
        pytest.param("https://h/a", "c.ts?", "https://h/c.ts?", id="empty query"),
        pytest.param("https://h/a", "12:30.ts", "https://h/12:30.ts", id="colon, no scheme"),
        pytest.param("https://h/a?x=/y/", "c", "https://h/c", id="slash in the query"),
        pytest.param("https://h/a", "HTTP://b/../c", "HTTP://b/../c", id="absolute"),
        pytest.param("https://h/a%2Fb/i", "%2E%2E/c", "https://h/a%2Fb/%2E%2E/c", id="encoded"),
        pytest.param("https://h/a/", "///b", "https:///b", id="three slashes"),
        pytest.param("https://h/a/", "b\nc", "https://h/a/b\nc", id="line break"),
        pytest.param("https://h/a/", "\\\\b", "https://h/a/\\\\b", id="backslashes"),
    ],
)
def test_of_upstreams(base: str, reference: str, url: str) -> None:
    assert join(base, reference) == url


@given(st.text(st.sampled_from("ab./?#:;@%\\é\n"), max_size=30))
def test_only_a_scheme_or_two_slashes_lead_elsewhere(reference: str) -> None:
    url = join("https://host.example/a/b?c", reference)
    if not url.startswith("https://host.example/"):
        assert reference.startswith("//") or ":" in reference


@given(
    st.text(st.sampled_from("ab/.?%"), max_size=12),
    st.from_regex(r"[a%.][a%./?-]{0,12}", fullmatch=True),
)
def test_what_needs_no_look_at_its_dots_is_joined_alike(path: str, reference: str) -> None:
    base = f"https://host.example/{path}"
    assert join(base, reference) == join(base, f"./{reference}")

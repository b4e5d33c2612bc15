"""One page of two sites is a portal's; hosts of one site may share theirs."""

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.patience.shared_pages import SharedPages


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        pytest.param("http://a.example/1", "http://b.test/2", True, id="two names"),
        pytest.param("http://edge1.cdn.example/1", "http://edge2.cdn.example/2", False, id="edges"),
        pytest.param("http://a.example/1", "http://a.example:8080/2", False, id="two ports"),
        pytest.param("http://a.example./1", "http://A.example/2", False, id="spelt otherwise"),
        pytest.param("http://10.0.0.1/1", "http://10.0.0.2/2", True, id="two addresses"),
        pytest.param("http://10.0.0.1/1", "http://10.0.0.1:81/2", False, id="one address"),
        pytest.param("http://[2001:db8::1]/1", "http://[2001:db8::2]/2", True, id="IPv6"),
    ],
)
def test_two_sites(first: str, second: str, shared: bool) -> None:
    pages = SharedPages()
    assert not pages.add("page", first)
    assert pages.add("page", second) is shared
    assert pages.are_there is shared
    assert bool(pages.alone) is not shared


def test_other_pages_are_their_hosts_own() -> None:
    pages = SharedPages()
    pages.add("one", "http://a.example/1")
    pages.add("another", "http://b.test/2")
    assert not pages.are_there
    assert pages.alone == {"a.example:80", "b.test:80"}


def test_one_that_answers_otherwise_has_no_page() -> None:
    pages = SharedPages()
    for url in ("http://a.example/1", "http://b.test/2"):
        pages.add("page", url)
    pages.forget("b.test:80")
    assert not pages.are_there
    assert pages.alone == {"a.example:80"}


STEPS = st.lists(
    st.tuples(st.sampled_from(["one", "two", "three", ""]), st.sampled_from("abcd")), max_size=20
)


@given(STEPS)
def test_what_was_forgotten_leaves_nothing(steps: list[tuple[str, str]]) -> None:
    """Against all that was ever said, in order; no page means that the host said otherwise."""
    pages = SharedPages()
    known: set[tuple[str, str]] = set()
    for page, name in steps:
        host = f"{name}.test:80"
        if page:
            known.add((page, host))
            shared = pages.add(page, f"http://{name}.test/{page}")
            assert shared is (len({it for it in known if it[0] == page}) > 1)
        else:
            known = {it for it in known if it[1] != host}
            pages.forget(host)
    by_page = {page: {host for other, host in known if other == page} for page, _ in known}
    assert pages.are_there is any(len(hosts) > 1 for hosts in by_page.values())
    alone = {host for hosts in by_page.values() if len(hosts) == 1 for host in hosts}
    assert pages.alone == alone
    assert {host for host in (f"{name}.test:80" for name in "abcd") if pages.has_own(host)} == alone

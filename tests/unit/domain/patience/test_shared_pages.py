"""One page of two sites is a portal's; hosts of one site may share theirs."""

import pytest

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

from collections.abc import Iterable

import pytest
from hypothesis import given, strategies as st

from strmctl.newest import Newest


@pytest.mark.parametrize(
    ("put", "kept", "all_stay"),
    [
        pytest.param("", "", True, id="nothing"),
        pytest.param("ab", "ab", True, id="as many as it may hold"),
        pytest.param("abc", "bc", False, id="one more"),
        pytest.param("abac", "ac", False, id="put again, it is the newest"),
        pytest.param("aaa", "a", True, id="one only"),
    ],
)
def test_the_one_put_longest_ago_leaves(put: Iterable[str], kept: str, all_stay: bool) -> None:
    newest = Newest[str, int](2)
    stayed = [newest.put(name, number) for number, name in enumerate(put)]
    assert (False not in stayed) is all_stay
    assert "".join(newest) == kept


@given(st.lists(st.integers(0, 9)), st.integers(1, 5))
def test_it_holds_the_last_different_ones(put: list[int], most: int) -> None:
    newest = Newest[int, int](most)
    for place, key in enumerate(put):
        newest.put(key, place)
    last = {key: place for place, key in enumerate(put)}
    assert list(newest.items()) == sorted(last.items(), key=lambda item: item[1])[-most:]

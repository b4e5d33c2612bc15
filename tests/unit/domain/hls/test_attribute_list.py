"""Attribute lists as RFC 8216 section 4.2 has them, and as upstreams write them."""

import pytest
from hypothesis import given, strategies as st

from stage.growth import grows_linearly
from strmctl.domain.hls import attribute_list

TAG = "#EXT-X-KEY:"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        pytest.param("", {}, id="empty"),
        pytest.param('URI="a"', {"URI": "a"}, id="one"),
        pytest.param('URI=""', {"URI": ""}, id="empty value"),
        pytest.param("A=1,B=0x2F,C=1x2", {"A": "1", "B": "0x2F", "C": "1x2"}, id="plain"),
        pytest.param('A="1,2",B="x"', {"A": "1,2", "B": "x"}, id="comma in quotes"),
        pytest.param('A="k=v,URI=no",URI="b"', {"A": "k=v,URI=no", "URI": "b"}, id="= in quotes"),
        pytest.param('NAME="a#b",URI="c"', {"NAME": "a#b", "URI": "c"}, id="# in quotes"),
        pytest.param('X-URI="a",URI="b"', {"X-URI": "a", "URI": "b"}, id="X-URI is another"),
        pytest.param('SERVER-URI="a"', {"SERVER-URI": "a"}, id="SERVER-URI is another"),
        pytest.param('URI="a",URI="b"', {"URI": "a"}, id="first of a repeated name"),
        pytest.param('A=1, URI="b"', {"A": "1", "URI": "b"}, id="space behind the comma"),
        pytest.param('A=1,\t\vURI="b"', {"A": "1", "URI": "b"}, id="tabs behind the comma"),
        pytest.param('A=1,\u00a0URI="b"', {"A": "1", "URI": "b"}, id="no-break space"),
        pytest.param('A=1,\ufeffURI="b"', {"A": "1", "URI": "b"}, id="BOM behind the comma"),
        pytest.param('URI ="b"', {"URI": "b"}, id="space before ="),
        pytest.param('URI= "b"', {"URI": "b"}, id="space behind ="),
        pytest.param('A=1 URI="b"', {"A": "1", "URI": "b"}, id="space for a comma"),
        pytest.param(',,URI="b",,C=1', {"URI": "b", "C": "1"}, id="empty attributes"),
        pytest.param('A="x"URI="b"', {"A": "x", "URI": "b"}, id="comma forgotten"),
        pytest.param("URI=a/b", {"URI": "a/b"}, id="quotes forgotten"),
        pytest.param('URI="a,b', {"URI": "a,b"}, id="closing quote forgotten"),
        pytest.param('junk,URI="b"', {"URI": "b"}, id="no attribute before"),
        pytest.param('(x)=1,URI="b"', {"URI": "b"}, id="no name before ="),
        pytest.param('uri="a"', {"uri": "a"}, id="names are told apart by case"),
    ],
)
@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\r"], ids=["no end", "LF", "CRLF", "CR"])
def test_values_lose_their_quotes_and_blanks(text: str, end: str, values: dict[str, str]) -> None:
    assert attribute_list.values(f"{TAG}{text}{end}", len(TAG)) == values


@pytest.mark.parametrize(
    ("text", "edited"),
    [
        pytest.param('URI="a"', 'URI="N"', id="only"),
        pytest.param('URI="a",B=1', 'URI="N",B=1', id="first"),
        pytest.param('B="URI=x",URI="a"', 'B="URI=x",URI="N"', id="last"),
        pytest.param('X-URI="a",URI="b"', 'X-URI="a",URI="N"', id="X-URI stays"),
        pytest.param("URI=a,B=1", 'URI="N",B=1', id="unquoted"),
        pytest.param('URI="a,b', 'URI="N"', id="unterminated"),
        pytest.param('URI="a",URI="b"', 'URI="N",URI="N"', id="every one of a repeated name"),
        pytest.param('B = 1 , URI ="a" ,C=2', 'B = 1 , URI ="N" ,C=2', id="white space stays"),
        pytest.param("B=1", "B=1", id="absent"),
        pytest.param('GO=1,URI="a"', 'URI="N"', id="removed first"),
        pytest.param('URI="a",GO="1,2",B=1', 'URI="N",B=1', id="removed in the middle"),
        pytest.param('URI="a", GO=1', 'URI="N"', id="removed last"),
        pytest.param("GO=1", "", id="removed alone"),
        pytest.param('B="x,y"GO=1', 'B="x,y"', id="removed behind a forgotten comma"),
    ],
)
def test_an_edit_changes_one_attribute_alone(text: str, edited: str) -> None:
    changes = {"URI": '"N"', "GO": None}
    assert attribute_list.edit(f"{TAG}{text}\r\n", len(TAG), changes) == f"{TAG}{edited}\r\n"


@given(st.text(st.sampled_from("AU RI-=\"'#,\t\u00a0\ufeffé0x/:"), max_size=60))
def test_editing_nothing_changes_nothing(text: str) -> None:
    assert attribute_list.edit(TAG + text, len(TAG), {"NOT THERE": None}) == TAG + text


@given(st.text(st.sampled_from('URI="a, \tX-\ufeff'), max_size=40))
def test_what_is_removed_is_gone(text: str) -> None:
    edited = attribute_list.edit(TAG + text, len(TAG), {"URI": '"N"'})
    assert attribute_list.values(edited, len(TAG)).get("URI", "N") == "N"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", [",", " ", "a", "a,", "a=", 'a="', "URI=a,", " a"])
def test_long_lines_take_linear_time(unit: str) -> None:
    assert grows_linearly(
        lambda size: attribute_list.edit(TAG + unit * size, len(TAG), {"URI": None})
    )

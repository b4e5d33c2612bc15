"""Rows and their lines from CSV, JSON and NDJSON; what cannot be read says in which line."""

import io

import pytest
from hypothesis import given, strategies as st

from strmctl.errors import UsageError
from strmctl.services.writing.batch_input import read_rows
from strmctl.services.writing.entry import BadRow, Row


def read(text: str, name: str = "-") -> list[tuple[int, object]]:
    """(line, slug) of each row, (line, reason) of each bad one."""
    rows = read_rows(io.StringIO(text, newline=""), name)
    return [(r.line, r.reason if isinstance(r, BadRow) else r.fields["slug"]) for r in rows]


HEAD = "site,slug,language"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param("x.csv", f"{HEAD}\na,b,c\nd,e,f\n", [(2, "b"), (3, "e")], id="csv"),
        pytest.param("-", f"{HEAD}\r\na,b,c\r\n", [(2, "b")], id="csv, sniffed, CRLF"),
        pytest.param("x.csv", f"\n\n{HEAD}\n\n,,\na,b,c", [(6, "b")], id="csv with blank lines"),
        pytest.param("-", "site;slug;language\na;b,c;d\n", [(2, "b,c")], id="csv with semicolons"),
        pytest.param("-", "Site, SLUG ,language,tvdb-id\na,b,c,1\n", [(2, "b")], id="column names"),
        pytest.param(
            "x.csv",
            f'{HEAD}\na,"b\nb",c\nd,e,f\n',
            [(2, "b\nb"), (4, "e")],
            id="a value of 2 lines",
        ),
        pytest.param(
            "x.csv",
            f"{HEAD}\na,b,c,d\ne,f,g\n",
            [(2, "4 values for 3 columns"), (3, "f")],
            id="too many values",
        ),
        pytest.param(
            "x.csv",
            f'{HEAD}\na,"b"x,c\nd,e,f\n',
            [(2, "not CSV: ',' expected after '\"'"), (3, "e")],
            id="bad quotes",
        ),
        pytest.param("x.csv", f'{HEAD}\na, "b", c\n', [(2, "b")], id="quotes behind a space"),
        pytest.param("x.csv", f"{HEAD}\n", [], id="no rows"),
        pytest.param(
            "x.ndjson", '{"slug":"b"}\n\n{"slug":"e"}\n', [(1, "b"), (3, "e")], id="ndjson"
        ),
        pytest.param("-", '{"slug":"b"}\n{"slug":"e"}', [(1, "b"), (2, "e")], id="ndjson, sniffed"),
        pytest.param(
            "x.json", '{"slug":"b"}\n{"slug":"e"}', [(1, "b"), (2, "e")], id="ndjson called json"
        ),
        pytest.param(
            "x.jsonl",
            '{"slug":"b"}\n{"slug":\n[1]\n{"slug":"e"}\n',
            [(1, "b"), (2, "not one line of JSON"), (3, "not a JSON object"), (4, "e")],
            id="bad lines of ndjson",
        ),
        pytest.param("x.json", '[{"slug":"b"},{"slug":"e"}]', [(1, "b"), (1, "e")], id="json"),
        pytest.param(
            "-",
            '\n[\n  {\n    "slug": "b"\n  },\n\n  {"slug": "e"}\n]\n',
            [(3, "b"), (7, "e")],
            id="json over lines",
        ),
        pytest.param("x.json", "[]", [], id="no objects"),
        pytest.param(
            "-",
            '[{"slug":"b"}]\n[]\n[{"slug":"c"},\n{"slug":"d"}] {"slug":"e"}',
            [(1, "b"), (3, "c"), (4, "d"), (4, "e")],
            id="arrays and an object, one behind the other",
        ),
        pytest.param(
            "x.json",
            '[{"slug":"b"}]\n]',
            [(1, "b"), (2, "not JSON: this and what follows was not read")],
            id="a bracket too many",
        ),
        pytest.param("x.json", '[{"slug":"b"},]', [(1, "b")], id="a comma too many"),
        pytest.param(
            "x.json",
            '[{"slug":"b"}',
            [(1, "b"), (1, "not JSON: this and what follows was not read")],
            id="a bracket is missing",
        ),
        pytest.param("x.json", '{\n "slug": "b"\n}\n', [(1, "b")], id="one object"),
        pytest.param(
            "x.json",
            '[{"slug":"b"},\n{"slug":}]',
            [(1, "b"), (2, "not JSON: this and what follows was not read")],
            id="json that breaks off",
        ),
        pytest.param(
            "x.json",
            '[{"slug":"b"}\n{"slug":"c"}]',
            [(1, "b"), (2, "not JSON: this and what follows was not read")],
            id="a comma is missing",
        ),
    ],
)
def test_rows(name: str, text: str, expected: list[tuple[int, object]]) -> None:
    assert read(text, name) == expected


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("site,slug,language,IMDb,tvdb\na,b,c,tt7,5\n", "x.csv", id="CSV"),
        pytest.param("site,slug,language,imdb-id,tvdb_id\na,b,c,tt7,5\n", "x.csv", id="long"),
        pytest.param('{"slug":"b","imdb":"tt7","tvdb":"5"}\n', "x.ndjson", id="NDJSON"),
        pytest.param('[{"slug":"b","ids":{"imdb":"tt7","tvdb":"5"}}]', "x.json", id="a mapping"),
    ],
)
def test_ids_are_called_as_flags_and_json_call_them(text: str, name: str) -> None:
    [row] = read_rows(io.StringIO(text, newline=""), name)
    assert isinstance(row, Row)
    assert (row.fields["imdb_id"], row.fields["tvdb_id"]) == ("tt7", "5")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"slug":"b","ids":{"slug":"c"}}', id="no id"),
        pytest.param('{"slug":"b","ids":{"imdb":"tt7","title":"c"}}', id="an id and a title"),
        pytest.param('{"slug":"b","ids":[]}', id="a list"),
        pytest.param('{"slug":"b","imdb_id":"tt7","ids":{"imdb":"tt8"}}', id="outside as well"),
        pytest.param('{"slug":"b","imdb":"tt7","imdb-id":"tt8"}', id="by two names"),
    ],
)
def test_ids_say_one_thing_and_nothing_else(text: str) -> None:
    [(_, why)] = read(text + "\n")
    assert "ids is not an object" in str(why) or "stands there twice: keep one" in str(why)


def test_ids_that_are_none() -> None:
    [bad, good] = read('{"slug":"b","ids":"tt7"}\n{"slug":"e","ids":null}\n')
    assert "ids is not an object" in str(bad[1])
    assert good == (2, "e")


def test_an_unknown_key_is_one_bad_row() -> None:
    [bad, good] = read('{"slug":"b","lang":"x"}\n{"slug":"e"}\n')
    assert bad[0] == 1
    assert "unknown key 'lang': known are site, slug" in str(bad[1])
    assert good == (2, "e")


def test_what_is_read_over_in_a_list_of_ours_is_unknown_elsewhere() -> None:
    """`id` may be meant for IMDb's, `resolved_url` for what it is asked for."""
    ours, other, its_url = read(
        '{"slug":"b","id":7,"type":"mapping","strm_path":"b.strm"}\n'
        '{"slug":"c","id":"tt7"}\n{"slug":"d","resolved_url":"http://h/"}\n'
    )
    assert ours == (1, "b")
    assert "unknown key 'id'" in str(other[1])
    assert "unknown key 'resolved_url'" in str(its_url[1])


@pytest.mark.parametrize(
    ("cell", "title"), [("'+1", "+1"), ("'@home", "@home"), ("'Allo", "'Allo"), ("'", "'")]
)
def test_what_the_page_keeps_from_being_a_formula_is_what_it_was(cell: str, title: str) -> None:
    [row] = read_rows(io.StringIO(f"site,slug,language,title\na,b,c,{cell}\n"), "x.csv")
    assert isinstance(row, Row)
    assert row.fields["title"] == title


@pytest.mark.parametrize(
    ("head", "message"),
    [
        pytest.param("site,slug,lang", "unknown column 'lang': known are site, slug", id="unknown"),
        pytest.param("site,slug,language,id", "unknown column 'id'", id="an id of what"),
        pytest.param("site,slug,language,state,type", "unknown column 'state'", id="other words"),
        pytest.param("site,slug,season", "no column 'language'", id="missing"),
        pytest.param("site,slug,slug,language", "twice", id="twice"),
        pytest.param("site,slug,language,imdb,imdb_id", "twice", id="two names of one"),
        pytest.param('site,"slug', "not a line of CSV", id="no csv"),
        pytest.param("\0PNG" * 1000, r"^(?s:.){,250}$", id="binary"),
    ],
)
def test_a_heading_that_cannot_be_used(head: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read(f"{head}\na,b,c\n", "x.csv")


@pytest.mark.parametrize("name", ["x.csv", "x.json", "x.ndjson", "-"])
@pytest.mark.parametrize("text", ["", " \n\n"], ids=["nothing", "blank lines"])
def test_an_empty_input(name: str, text: str) -> None:
    with pytest.raises(UsageError, match="is empty"):
        read(text, name)


@given(st.text(max_size=200), st.sampled_from(["x.csv", "x.json", "x.ndjson", "-"]))
def test_any_text_gives_rows_or_one_usage_error(text: str, name: str) -> None:
    try:
        rows = list(read_rows(io.StringIO(text, newline=""), name))
    except UsageError:
        return
    assert all(isinstance(row, Row | BadRow) and row.line >= 1 for row in rows)

"""Which clients take gzip."""

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.http.codings import accepts_gzip, gzip_etag


@pytest.mark.parametrize(
    ("field", "accepted"),
    [
        pytest.param("gzip", True, id="alone"),
        pytest.param("gzip, deflate, br", True, id="one of several"),
        pytest.param("br,GZip", True, id="case"),
        pytest.param("x-gzip", True, id="old name"),
        pytest.param("*", True, id="any"),
        pytest.param("br, *;q=0.1", True, id="any other"),
        pytest.param("gzip;q=0.001", True, id="hardly"),
        pytest.param("gzip ; q=1.0", True, id="blanks"),
        pytest.param("", False, id="nothing said"),
        pytest.param("identity", False, id="as it is"),
        pytest.param("br", False, id="another one"),
        pytest.param("gzip;q=0", False, id="refused"),
        pytest.param("gzip;q=0.000, *", False, id="refused, any other"),
        pytest.param("*;q=0", False, id="any refused"),
        pytest.param("gzip;q=nan", False, id="no number"),
        pytest.param("gzip;q=x", False, id="no weight"),
        pytest.param("gzip;level=1", False, id="no such parameter"),
        pytest.param("gzipped", False, id="another word"),
    ],
)
def test_who_takes_gzip(field: str, accepted: bool) -> None:
    assert accepts_gzip(field) is accepted


@given(st.text())
def test_no_field_is_an_error(field: str) -> None:
    assert isinstance(accepts_gzip(field), bool)


def test_the_two_forms_have_different_validators() -> None:
    assert gzip_etag('"abc"') == '"abc-gzip"'

"""Which spellings are of one path."""

import pytest

from strmctl.domain.library.path_spelling import compared


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        pytest.param("/tv/\u00c4rger", "/tv/A\u0308rger", True, id="accents of macOS"),
        pytest.param("D:\\TV\\Show", "d:/tv/SHOW", True, id="a drive, its case and slashes"),
        pytest.param("\\\\NAS\\tv\\a", "\\\\nas\\TV\\A", True, id="a share"),
        pytest.param("D:\\TV\\\u00c4", "D:\\tv\\a\u0308", True, id="a drive, accents and case"),
        pytest.param("\\TV\\Show", "/tv/show", True, id="the drive that it runs on"),
        pytest.param("D:\\TV", "E:\\TV", False, id="another drive"),
        pytest.param("/tv/Show", "/tv/show", False, id="Linux tells case"),
        pytest.param("/tv/a\\b", "/tv/a/b", False, id="a backslash is a letter to Linux"),
        pytest.param("smb://nas/TV", "smb://nas/tv", False, id="a URL"),
    ],
)
def test_spellings_of_one_path(one: str, other: str, is_one: bool) -> None:
    assert (compared(one) == compared(other)) is is_one

"""What tells an encrypted content from others: what its playlist says, and which bytes count."""

import pytest

from stage.hls_tags import media, segment
from strmctl.domain.hls import encryption
from strmctl.domain.hls.cut import cut_of

ENDED = "#EXT-X-ENDLIST"
KEY = "#EXT-X-KEY:METHOD=AES-128,URI="
MAP = "#EXT-X-MAP:URI="
IV = f"0x{10:032x}"


@pytest.mark.parametrize(
    ("method", "key_format", "size"),
    [
        ("AES-128", "", 16),
        ("AES-256", "", 32),
        ("SAMPLE-AES", "identity", 16),
        ("SAMPLE-AES", "com.apple.streamingkeydelivery", None),
        ("NONE", "", None),
        ("", "", None),
    ],
)
def test_the_size_of_a_key(method: str, key_format: str, size: int | None) -> None:
    attributes = {"METHOD": method, "URI": "key"} | (
        {"KEYFORMAT": key_format} if key_format else {}
    )
    assert encryption.key_size(attributes) == size


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        pytest.param(f'{KEY}"k?a"', f'{KEY}"k?b"', True, id="another token"),
        pytest.param(f'{KEY}"k",IV={IV}', f'{KEY}"k",IV={IV.upper()}', True, id="IV in capitals"),
        pytest.param(f'{KEY}"k",IV={IV}', f'{KEY}"k"', False, id="with and without IV"),
        pytest.param(f'{KEY}"k"', f'{KEY}"k"'.replace("AES", "SAMPLE-AES"), False, id="method"),
        pytest.param(f'{KEY}"data:,a"', f'{KEY}"data:,b"', False, id="key in the playlist"),
        pytest.param(f'{MAP}"data:,a"', f'{MAP}"data:,b"', False, id="init in the playlist"),
        pytest.param(f'{MAP}"a?a"', f'{MAP}"a?b"', True, id="init behind another token"),
        pytest.param("#EXT-X-KEY:METHOD=NONE", "# plain", True, id="not encrypted"),
    ],
)
def test_the_cut_says_how_it_is_encrypted(one: str, other: str, is_same: bool) -> None:
    cuts = {cut_of(media([tag, *segment("a.ts"), ENDED])) for tag in (one, other)}
    assert len(cuts) == (1 if is_same else 2)


def test_an_end_of_encryption_is_a_part_of_the_cut() -> None:
    tags = [f'{KEY}"k"', *segment("a.ts")]
    stops, goes_on = ["#EXT-X-KEY:METHOD=NONE"], ["# nothing"]
    cuts = {cut_of(media([*tags, *more, *segment("b.ts"), ENDED])) for more in (stops, goes_on)}
    assert len(cuts) == 2


@pytest.mark.parametrize(
    ("tags", "preludes"),
    [
        pytest.param([[], [], []], [], id="none"),
        pytest.param([[f'{KEY}"a"'], [], []], ["k0"], id="one key"),
        pytest.param([[f'{KEY}"a"', f'{MAP}"i"'], [], []], ["k0", "i0"], id="key and init"),
        pytest.param(
            [[f'{MAP}"a"'], [f'{MAP}"b"'], [f'{MAP}"c"']], ["i0", "i2"], id="first and last"
        ),
        pytest.param([[f'{KEY}"a"'], [f'{KEY}"b"'], [f'{KEY}"a"']], ["k0", "k1"], id="comes back"),
        pytest.param([[], [f'{KEY}"a"'], ["#EXT-X-KEY:METHOD=NONE"]], ["k1"], id="for a while"),
        pytest.param(
            [['#EXT-X-KEY:METHOD=SAMPLE-AES,URI="https://drm",KEYFORMAT="com.drm"'], [], []],
            [],
            id="another key system",
        ),
        pytest.param([[f'{KEY}"skd://a"'], [f'{MAP}"data:,a"'], []], [], id="no addresses"),
        pytest.param([[f'{KEY}"ftp://cdn.example/a"'], [], []], [], id="cannot be fetched"),
    ],
)
def test_whose_bytes_count(tags: list[list[str]], preludes: list[str]) -> None:
    lines = [line for index, each in enumerate(tags) for line in [*each, *segment(f"{index}.ts")]]
    assert list(media([*lines, ENDED]).preludes) == preludes

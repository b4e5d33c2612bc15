"""The brake lets small changes pass, and stops large ones with the numbers and the way round."""

import pytest

from strmctl.domain import brake
from strmctl.errors import SafetyError


@pytest.mark.parametrize(
    ("changes", "total", "share"),
    [
        pytest.param(0, 0, 0.2, id="nothing at all"),
        pytest.param(20, 20, 0.2, id="a small library changes whole"),
        pytest.param(20, 1000, 0.0, id="twenty pass, whatever the share"),
        pytest.param(200, 1000, 0.2, id="exactly the share"),
        pytest.param(1000, 1000, 1.0, id="no brake"),
    ],
)
def test_these_pass(changes: int, total: int, share: float) -> None:
    brake.check(changes, total, share, "files would change")


@pytest.mark.parametrize(
    ("changes", "total", "share"),
    [
        pytest.param(21, 100, 0.2, id="just over both"),
        pytest.param(201, 1000, 0.2, id="just over the share"),
        pytest.param(21, 1000, 0.0, id="just over twenty"),
    ],
)
def test_these_are_stopped(changes: int, total: int, share: float) -> None:
    with pytest.raises(SafetyError, match=f"^{changes} of {total} files would change, ") as stopped:
        brake.check(changes, total, share, "files would change")
    assert "--force" in str(stopped.value)
    assert f"safety.max_change ({share:g})" in str(stopped.value)

"""The measure that judges hostile lengths tells linear work from quadratic work."""

from stage.growth import grows_linearly


def test_linear_and_quadratic_work_are_told_apart() -> None:
    assert grows_linearly(lambda size: sum(range(size)), 20_000)
    assert not grows_linearly(lambda size: sum(1 for _ in range(size) for _ in range(size)), 80)

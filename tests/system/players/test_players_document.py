"""The tables of docs/players.md are those that the tests check."""

from pathlib import Path

from system.players.decoders import DECODERS as PROGRAMS
from system.players.forms import FORMS
from system.players.matrix import DECODERS, IMPOSSIBLE, LIMITS, PLAYERS, as_markdown

DOCUMENT = Path(__file__).parents[3] / "docs" / "players.md"


def test_the_document_holds_the_matrix() -> None:
    assert as_markdown() in DOCUMENT.read_text(encoding="utf-8")


def test_the_matrix_names_what_exists() -> None:
    assert tuple(PROGRAMS) == DECODERS
    for player, form in {*LIMITS, *IMPOSSIBLE}:
        assert player in PLAYERS
        assert form in FORMS

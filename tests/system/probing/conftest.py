"""A library whose resolver may be in trouble."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stage.answering import Server, answering
from stage.probed_library import Library
from stage.troubled_resolver import Resolver, library_of


@pytest.fixture
def resolver() -> Resolver:
    return Resolver()


@pytest.fixture
def server(resolver: Resolver) -> Iterator[Server]:
    with answering(resolver) as server:
        yield server


@pytest.fixture
def library(server: Server, tmp_path: Path) -> Iterator[Library]:
    with library_of(server.url, tmp_path) as made:
        yield made

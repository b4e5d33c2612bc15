"""Where the egress itself fails, the first request that says so ends the run."""

import socket
from pathlib import Path

import pytest

from stage.probed_library import library_in, settings_in
from strmctl.domain.mapping import LinkState
from strmctl.errors import EgressError


async def test_nothing_is_recorded(tmp_path: Path) -> None:
    with socket.socket() as bound:  # It holds the port, and refuses connections.
        bound.bind(("127.0.0.1", 0))
        egress = f"http://127.0.0.1:{bound.getsockname()[1]}"
        library = library_in(tmp_path, settings_in(tmp_path, egress=egress))
        with library.database:
            library.add(f"http://127.0.0.1:9/{number}.mp4" for number in range(300))
            with pytest.raises(EgressError, match=r"check upstream\.egress"):
                await library.probe()
            assert set(library.states()) == {LinkState.UNKNOWN}
            assert library.events() == []

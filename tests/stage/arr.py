"""What Sonarr and Radarr send, by the names of the files in arr_payloads/."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from strmctl.services.arr.following import Received

PAYLOADS = Path(__file__).with_name("arr_payloads")


Send = Callable[[str], Received]


def payload(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return document

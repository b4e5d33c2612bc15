"""examples/traefik.yaml is no nonsense; Traefik itself is not run here."""

from typing import Any

import yaml  # type: ignore[import-untyped]  # it has no types

from strmctl.settings.model import ServeSettings
from system.standing import fronts


def test_it_leads_to_strmctl_below_the_path() -> None:
    example: dict[str, Any] = yaml.safe_load((fronts.EXAMPLES / "traefik.yaml").read_text())["http"]
    [router] = example["routers"].values()
    service = example["services"][router["service"]]["loadBalancer"]
    assert f"PathPrefix(`{fronts.PREFIX}/`)" in router["rule"]
    assert service["servers"] == [{"url": f"http://127.0.0.1:{ServeSettings().port}"}]
    assert service["serversTransport"] in example["serversTransports"]

"""The examples agree with each other, and with what strmctl knows."""

import re
import subprocess
import sys
from ipaddress import ip_address, ip_network
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]  # it has no types
import pytest
import yaml  # type: ignore[import-untyped]  # it has no types

from strmctl.settings.environment import OLDER_NAMES
from strmctl.settings.names import KEYS
from system.cluster.nodes import ADDRESSES, EXAMPLES, FRONT

KNOWN = {f"STRMCTL_{key.replace('.', '_').upper()}" for key in KEYS} | set(OLDER_NAMES)
FILES = ("nginx.conf", "haproxy.cfg", "compose.yaml", "kubernetes.yaml")


def text(name: str) -> str:
    return (EXAMPLES / name).read_text(encoding="utf-8")


def compose() -> dict[str, Any]:
    return dict(yaml.safe_load(text("compose.yaml"))["services"])


def manifests() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(text("kubernetes.yaml")))


@pytest.mark.parametrize("name", ["nginx.conf", "haproxy.cfg"])
def test_the_servers_in_front_know_all_nodes(name: str) -> None:
    assert set(re.findall(r"10\.77\.0\.\d+(?=:8888)", text(name))) == set(ADDRESSES)


def test_the_services_have_the_addresses_of_the_configuration() -> None:
    services = compose()
    found = {name: it["networks"]["cluster"]["ipv4_address"] for name, it in services.items()}
    assert found.pop("front") == FRONT
    assert set(found.values()) == set(ADDRESSES)


def test_every_variable_is_a_setting() -> None:
    named = {name for it in compose().values() for name in it.get("environment", {})}
    [node] = [it for it in manifests() if it["kind"] == "StatefulSet"]
    [container] = node["spec"]["template"]["spec"]["containers"]
    named |= {it["name"] for it in container["env"]}
    assert named - KNOWN <= {"STRMCTL_CONFIG"}


def test_one_node_does_the_upkeep() -> None:
    keeps = [
        name
        for name, it in compose().items()
        if it.get("environment", {}).get("STRMCTL_MAINTAIN_ENABLED")
    ]
    assert keeps == ["node1"]


def test_the_others_are_players_that_know_it() -> None:
    services = compose()
    keeper = services["node1"]["networks"]["cluster"]["ipv4_address"]
    for name in ("node2", "node3"):
        environ = services[name]["environment"]
        assert environ["STRMCTL_SERVE_ROLE"] == "player"
        assert environ["STRMCTL_SERVE_UPKEEP_URL"] == f"http://{keeper}:8888"
        assert environ.items() >= services["node1"]["environment"].items() - {
            ("STRMCTL_MAINTAIN_ENABLED", "true")
        }
    assert "STRMCTL_SERVE_ROLE" not in services["node1"]["environment"]


def test_pods_are_not_given_variables_of_the_service_in_front() -> None:
    """STRMCTL_FRONT_PORT names no setting."""
    [node] = [it for it in manifests() if it["kind"] == "StatefulSet"]
    assert node["spec"]["template"]["spec"]["enableServiceLinks"] is False


def test_manifests_mount_what_they_name() -> None:
    for manifest in manifests():
        pod = manifest["spec"].get("template", {}).get("spec", {})
        volumes = {it["name"] for it in pod.get("volumes", [])}
        for container in (*pod.get("initContainers", []), *pod.get("containers", [])):
            assert {it["name"] for it in container["volumeMounts"]} <= volumes


def test_addresses_of_the_manifests_are_what_sed_makes() -> None:
    """As its first lines say."""
    [command] = re.findall(r"sed '(.*?)'", text("kubernetes.yaml"))
    edits = [part.split("/")[1:3] for part in command.split("; ")]
    config = text("nginx.conf")
    for old, new in edits:
        config = config.replace(old, new)
    named = set(re.findall(r"server (\S+):8888", config))
    assert named == {f"strmctl-{number}" for number in range(3)}
    # nginx looks a name up once: the address behind it has to outlive a pod, as a service's does.
    of_one_pod = {
        it["metadata"]["name"]
        for it in manifests()
        if it["kind"] == "Service"
        and it["spec"].get("clusterIP") != "None"
        and it["spec"]["selector"] == {"statefulset.kubernetes.io/pod-name": it["metadata"]["name"]}
    }
    assert named == of_one_pod


def test_the_nodes_addresses_are_free() -> None:
    """Docker's own is the first of a network, unless one is named."""
    [network] = yaml.safe_load(text("compose.yaml"))["networks"]["cluster"]["ipam"]["config"]
    subnet = ip_network(network["subnet"])
    gateway = network.get("gateway", str(subnet[1]))
    assert ip_address(gateway) in subnet
    assert gateway not in {FRONT, *ADDRESSES}


@pytest.mark.parametrize("name", FILES)
def test_no_line_is_longer_than_a_screen(name: str) -> None:
    assert max(map(len, text(name).splitlines())) <= 112


@pytest.mark.parametrize("name", ["compose.yaml", "cluster/compose.yaml"])
def test_compose_s_schema_holds(name: str) -> None:
    """Of the Compose specification, as `docker compose config` applies it."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    ended = subprocess.run(
        [*command, str(EXAMPLES.parent / name)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("version", ["1.29", "1.37"])
def test_kubernetes_schemas_hold(version: str) -> None:
    """Strictly: a key that Kubernetes does not know would be left out in silence."""
    kinds = []
    for manifest in manifests():
        kubernetes_validate.validate(manifest, version, strict=True)
        kinds.append(manifest["kind"])
    assert {"Deployment", "StatefulSet", "Service", "PodDisruptionBudget"} <= set(kinds)


def test_a_wrong_manifest_is_seen() -> None:
    [manifest, *_] = [it for it in manifests() if it["kind"] == "StatefulSet"]
    manifest["spec"]["replica"] = 3
    with pytest.raises(kubernetes_validate.ValidationError, match="replica"):
        kubernetes_validate.validate(manifest, "1.37", strict=True)

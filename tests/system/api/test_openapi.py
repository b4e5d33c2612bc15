"""The document says all: schemathesis asks everything that it allows and much that it does not."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from stage.upstream import Upstream
from system.api.site import SECRETS, TOKEN, Site, new_site, running

OPERATIONS = [
    ("GET", "/mappings"),
    ("POST", "/mappings"),
    ("GET", "/mappings/{mapping_id}"),
    ("POST", "/mappings/bulk"),
    ("PATCH", "/mappings/{mapping_id}"),
    ("DELETE", "/mappings/{mapping_id}"),
    ("GET", "/mappings/{mapping_id}/events"),
    ("POST", "/resolutions"),
    ("POST", "/refresh"),
    ("POST", "/probe"),
    ("POST", "/import"),
    ("POST", "/rewrite"),
    ("POST", "/prune"),
    ("POST", "/undo"),
    ("POST", "/doctor"),
    ("GET", "/jobs"),
    ("GET", "/jobs/{job_id}"),
    ("POST", "/jobs/{job_id}/cancel"),
    ("GET", "/jobs/{job_id}/events"),
    ("GET", "/stats"),
    ("GET", "/keys"),
    ("GET", "/events"),
    ("POST", "/hooks/{sender}"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
]
CHECKS = (
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.missing_required_header,
    checks.unsupported_method,
)
Case = schemathesis.Case[Any]
BaseSchema = schemathesis.BaseSchema
Operation = Any
BEARER = {"Authorization": f"Bearer {TOKEN}"}
EVERYDAY = settings(
    max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), database=None
)
FEWEST = settings(EVERYDAY, max_examples=3)
THOROUGH = settings(EVERYDAY, max_examples=20)
A_FEW = settings(EVERYDAY, max_examples=10)
LONG = settings(EVERYDAY, max_examples=150)


@pytest.fixture(scope="module")
def asked(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with three mappings that have secrets, and a job that has ended."""
    strmctl = new_site(tmp_path_factory.mktemp("fuzzed") / "strmctl", upstream)
    with running(strmctl, upstream) as site:
        ids = [site.write("fuzzed", episode=number)["id"] for number in (1, 2, 3)]
        site.job("/refresh", {"id": ids})
        yield site
        assert "unexpected" not in site.server.log.read_text()


@pytest.fixture(scope="module")
def guarded() -> set[str]:
    """The operations that a wrong token was tried at, which is answered half a second later: once
    is enough, as the token is looked at before anything else."""
    return set()


@pytest.fixture(scope="module")
def document(asked: Site) -> BaseSchema:
    return schemathesis.openapi.from_url(f"{asked.strmctl.base_url}/api/v1/openapi.json")


Mode = schemathesis.GenerationMode

NOTHING_TO_GET_WRONG = ("/healthz", "/readyz")

every_operation = pytest.mark.parametrize(
    ("mode", "method", "path"),
    [(Mode.POSITIVE, *operation) for operation in OPERATIONS]
    + [(Mode.NEGATIVE, *it) for it in OPERATIONS if it[1] not in NOTHING_TO_GET_WRONG],
)


@pytest.mark.hypothesis
@every_operation
def test_every_operation(
    asked: Site, document: BaseSchema, guarded: set[str], mode: Mode, method: str, path: str
) -> None:
    often = FEWEST if starts_runs(method, path) else EVERYDAY
    ask_often(asked, document[path][method], mode, often, guarded)


@pytest.mark.hypothesis
@pytest.mark.slow
@pytest.mark.timeout(900)
@every_operation
def test_every_operation_thoroughly(
    is_long: bool,
    asked: Site,
    document: BaseSchema,
    guarded: set[str],
    mode: Mode,
    method: str,
    path: str,
) -> None:
    often = LONG if is_long else THOROUGH
    often = A_FEW if starts_runs(method, path) and not is_long else often
    ask_often(asked, document[path][method], mode, often, set() if is_long else guarded)


def starts_runs(method: str, path: str) -> bool:
    """Each accepted example is a run of the command line, which starts a process."""
    return method == "POST" and "/" not in path.strip("/") and path != "/mappings"


def ask_often(
    asked: Site, operation: Operation, mode: Mode, often: settings, guarded: set[str]
) -> None:
    @often
    @given(operation.as_strategy(generation_mode=mode))
    def ask_all(case: Case) -> None:
        if ask(case, asked, is_guarded=operation.label in guarded):
            guarded.add(operation.label)

    ask_all()


def ask(case: Case, asked: Site, *, is_guarded: bool) -> bool:
    """Whether a wrong token was tried, as schemathesis does where the right one was let in."""
    response = case.call(headers=BEARER, timeout=60)
    everything = [*CHECKS] if is_guarded else [*CHECKS, checks.ignored_auth]
    # What was to be wrong may not have been sent: an empty list leaves no trace in a query.
    sent = parse_qs(urlsplit(str(response.request.url)).query, keep_blank_values=True)
    if (case.query or {}).keys() - sent.keys():
        everything.remove(checks.negative_data_rejection)
    case.validate_response(response, checks=everything, headers=BEARER)
    if not (case.query or {}).get("reveal"):
        told = [secret for secret in SECRETS if secret in response.text]
        assert not told, f"{case.operation.label} tells {told}"
    if response.status_code in (200, 202) and "/jobs/" in response.headers.get("location", ""):
        number = response.json()["id"]
        asked.client.post(f"/jobs/{number}/cancel")
        asked.over(number)
    return 200 <= response.status_code < 300


def test_the_document_is_for_everybody_and_names_every_operation(asked: Site) -> None:
    response = asked.client.get("/openapi.json", headers={"Authorization": ""})
    document = response.json()
    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": "/api/v1"}]
    operations = {
        (method.upper(), path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }
    assert sorted(operations) == sorted(OPERATIONS)
    open_to_all = [path for (_, path), it in operations.items() if it.get("security") == []]
    assert open_to_all == ["/healthz", "/readyz"]
    assert document["security"] == [{"bearer": []}, {"basic": []}, {"session": []}]
    for name, operation in operations.items():
        assert operation["summary"], name
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"], name

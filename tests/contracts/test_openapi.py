"""The OpenAPI document: valid, complete, and true to what the services do."""

from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from taskflow.chassis.openapi import OF_CALLER
from taskflow.runner.contracts import openapi_document

DOCUMENT = openapi_document()
PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}
HEALTH = {"/health", "/health/live", "/health/ready", "/metrics"}
WITHOUT_TOKEN = {"register", "login", "refresh"}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


EVERY = pytest.mark.parametrize(
    ("path", "method", "operation"),
    [pytest.param(*one, id=one[2]["operationId"]) for one in operations()],
)


def named(operation_id: str) -> dict[str, Any]:
    return next(one for _, _, one in operations() if one["operationId"] == operation_id)


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT
    if "$ref" not in part:
        return part
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


def test_it_is_a_valid_document() -> None:
    errors = list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors())
    assert errors == []


def test_it_has_the_paths_of_all_services_each_once() -> None:
    rooms = {path.split("/")[3] for path in DOCUMENT["paths"] if path not in HEALTH}
    assert rooms == {"auth", "tasks", "recurring", "reminders", "notifications", "audit"}
    assert set(DOCUMENT["paths"]) >= HEALTH
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names))


@EVERY
def test_an_operation_says_what_it_is_and_what_comes_of_it(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    assert operation["summary"]
    assert "\n" not in operation["summary"]
    assert operation["tags"]
    successes = [code for code in operation["responses"] if code < "300"]
    assert len(successes) == 1, (method, path)
    answer = operation["responses"][successes[0]]
    assert ("content" in answer) is (successes[0] != "204")
    for media in answer.get("content", {}).values():
        assert media["schema"] not in ({}, {"type": "object"})


@EVERY
def test_an_errors_answer_is_a_problem_document(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    for code, answer in operation["responses"].items():
        if code >= "400" and (path, code) != ("/health/ready", "503"):
            assert resolved(answer)["content"] == {"application/problem+json": PROBLEM}, method
            headers = resolved(answer).get("headers", {})
            assert "Retry-After" in headers or code not in {"429", "503"}
            assert "WWW-Authenticate" in headers or code != "401"


@EVERY
def test_who_must_be_known_is_told_so(path: str, method: str, operation: dict[str, Any]) -> None:
    is_public = path in HEALTH or operation["operationId"] in WITHOUT_TOKEN
    assert (operation["security"] == []) is is_public, method
    if not is_public:
        assert operation["security"][:2] == OF_CALLER
        assert {"401", "403"} <= set(operation["responses"])


@EVERY
def test_answers_follow_from_what_an_operation_takes(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    parameters = {one["name"]: one for one in operation.get("parameters", ())}
    codes = set(operation["responses"])
    assert ("412" in codes) is ("If-Match" in parameters)
    assert "404" in codes or "{" not in path
    assert "409" in codes or "Idempotency-Key" not in parameters
    assert {"400", "413", "415", "422"} <= codes or "requestBody" not in operation
    assert "422" in codes or not parameters
    if "limit" in parameters:
        limits = parameters["limit"]["schema"]
        assert (limits["minimum"], limits["maximum"], limits["default"]) == (1, 200, 50), method


@pytest.mark.parametrize(
    "name",
    [f"{verb}_task" for verb in ("create", "get", "put", "patch", "complete", "reopen", "restore")],
)
def test_a_task_comes_whole_and_with_its_version(name: str) -> None:
    code = "201" if name == "create_task" else "200"
    answer = named(name)["responses"][code]
    reference = {"$ref": "#/components/schemas/TaskState"}
    assert answer["content"]["application/json"]["schema"] == reference
    assert "ETag" in answer["headers"]
    assert ("Location" in answer["headers"]) is (name == "create_task")


def test_the_trail_is_a_page_or_lines() -> None:
    content = named("search_trail")["responses"]["200"]["content"]
    assert set(content) == {"application/json", "application/x-ndjson"}
    payload = DOCUMENT["components"]["schemas"]["AuditItem"]["properties"]["payload"]
    assert payload == {"$ref": "#/components/schemas/TaskEvent"}


def test_the_stream_is_described_with_its_three_identities_and_how_to_resume() -> None:
    stream = named("stream_notifications")
    assert list(stream["responses"]["200"]["content"]) == ["text/event-stream"]
    assert [list(one) for one in stream["security"]] == [["bearer"], ["session"], ["ticket"]]
    assert {"Last-Event-ID", "last_event_id"} <= {one["name"] for one in stream["parameters"]}


def test_a_body_that_may_be_left_out_is_described_so() -> None:
    assert named("complete_task")["requestBody"]["required"] is False
    assert named("create_task")["requestBody"]["required"] is True


def test_bodies_refuse_unknown_fields_and_answers_allow_more_one_day() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["TaskBody"]["additionalProperties"] is False
    assert "additionalProperties" not in schemas["TaskState"]
    assert set(schemas["TaskState"]["required"]) == set(schemas["TaskState"]["properties"])

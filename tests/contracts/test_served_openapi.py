"""The documents that running services serve, and that their answers keep to them."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from tests.product import Product

from taskflow.runner.contracts import openapi_document

PORTS = range(5)
PATIENCE_SECONDS = 20


@pytest.mark.parametrize("offset", PORTS)
def test_each_service_serves_a_valid_document_and_a_page_of_it(
    product: Product, offset: int
) -> None:
    url = f"http://127.0.0.1:{product.port_base + offset}"
    document = httpx.get(f"{url}/openapi.json").json()
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    assert document["info"]["title"] in httpx.get(f"{url}/docs").text


def test_what_is_served_is_what_is_checked_in(product: Product) -> None:
    served: dict[str, Any] = {}
    for offset in PORTS:
        url = f"http://127.0.0.1:{product.port_base + offset}"
        served |= httpx.get(f"{url}/openapi.json").json()["paths"]
    assert served == openapi_document()["paths"]


def expect(answer: httpx.Response, name: str) -> dict[str, Any]:
    """The body of an answer, which must be as the schema of this name says."""
    schema = {"$ref": f"#/components/schemas/{name}", **openapi_document()}
    body: dict[str, Any] = answer.json()
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    assert [error.message for error in validator.iter_errors(body)] == []
    return body


def test_what_is_answered_is_what_is_promised(product: Product) -> None:
    user = product.user()
    soon = datetime.now(UTC) + timedelta(days=30)
    weekly = {
        "title": "Water the plants",
        "due_date": "2099-01-05T09:00:00+01:00",
        "recurrence": {"rule": "weekly:MON"},
        "timezone": "Europe/Berlin",
        "reminders": [{"offset": "PT1H"}, {"at": soon.isoformat()}],
    }
    task = expect(user.post("/tasks", json=weekly), "TaskState")
    day = {"title": "Rest", "due_date": "2099-01-06", "all_day": True}
    expect(user.post("/tasks", json=day), "TaskState")
    expect(user.get("/tasks"), "TaskPage")
    expect(user.post(f"/tasks/{task['id']}/complete"), "TaskState")
    bulk = {"create": [{"title": "One"}, {"title": ""}], "delete": [task["id"]]}
    expect(user.post("/tasks/bulk", json=bulk), "BulkAnswer")
    expect(user.get("/auth/me"), "Account")
    expect(user.get("/recurring/series"), "SeriesPage")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := expect(user.get("/reminders"), "ReminderPage"))["items"]:
        assert time.monotonic() < deadline
    reminder = found["items"][0]["id"]
    expect(user.get(f"/reminders/{reminder}/timeline"), "Timeline")
    expect(user.get("/reminders/snooze-presets"), "SnoozePresets")
    expect(user.get("/notifications"), "NotificationPage")
    expect(user.get("/audit/events"), "AuditPage")
    problem = expect(user.post("/tasks", json={"title": "", "colour": "red"}), "Problem")
    assert problem["errors"] == [{"field": "colour", "message": "is not a field of this"}]

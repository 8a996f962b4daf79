"""Schemathesis over every operation of every service: no server error, and answers as documented.

A normal run tries a few examples of each operation, always the same ones. A longer one, with
others each time, is asked for by TASKFLOW_FUZZ_EXAMPLES, the number of examples an operation:

    TASKFLOW_FUZZ_EXAMPLES=500 .venv/bin/python -m pytest tests/contracts/test_schemathesis.py
"""

import os
import secrets
from typing import Any, Final

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.contracts.operations import ENDING, PORTS, STREAM
from tests.product import Product

EXAMPLES: Final = int(os.environ.get("TASKFLOW_FUZZ_EXAMPLES", "0"))
FEW: Final = 12
SEED: Final = 20260124
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def user(product: Product) -> httpx.Client:
    """Somebody who has something of everything, so that some of the calls find something."""
    client = product.user()
    reminder = {"due_date": "2035-01-01T09:00:00Z", "reminders": [{"offset": "PT1H"}]}
    client.post("/tasks", json={"title": "one", "recurrence": {"rule": "daily"}, **reminder})
    return client


@pytest.mark.parametrize("offset", range(PORTS))
def test_no_call_of_a_service_breaks_it_or_its_document(
    product: Product, user: httpx.Client, offset: int
) -> None:
    base = f"http://127.0.0.1:{product.port_base + offset}"
    schema = schemathesis.openapi.from_url(f"{base}/openapi.json")
    headers = {"Authorization": user.headers["Authorization"]}
    tried = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        if (operation.method, operation.path) in ENDING or operation.path == STREAM:
            continue
        explore(operation, headers)
        tried += 1
    assert tried > 3


def explore(
    operation: schemathesis.APIOperation[Any, Any, Any, Any], headers: dict[str, str]
) -> None:
    """Call an operation with what its document allows, and with what it does not."""
    valid = operation.as_strategy(GenerationMode.POSITIVE)
    invalid = operation.as_strategy(GenerationMode.NEGATIVE)

    @seed(secrets.randbits(32) if EXAMPLES else SEED)
    @settings(
        max_examples=EXAMPLES or FEW,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=valid | invalid)
    def try_out(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    try_out()

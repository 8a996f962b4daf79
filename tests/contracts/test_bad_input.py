"""The table "What bad input gets, everywhere", over every operation of every service."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest
from tests.contracts.inputs import (
    CLAIMS,
    NOT_A_BODY,
    NOT_IDS,
    NOT_JSON,
    NOT_NUMBERS,
    QUERIES,
    TOKENS,
    WRONG_VALUES,
)
from tests.contracts.operations import ENDING, STREAM, Operation, fields, operations, wrong
from tests.product import Product

from taskflow.accounts.keys import load_signing_key

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def everything(product: Product) -> list[Operation]:
    return list(operations(product))


@pytest.fixture(scope="module")
def user(product: Product) -> httpx.Client:
    return product.user()


@pytest.fixture(scope="module")
def guarded(everything: list[Operation]) -> list[Operation]:
    return [one for one in everything if not one.is_public]


@pytest.fixture(scope="module")
def writing(everything: list[Operation]) -> list[Operation]:
    return [one for one in everything if one.is_write and (one.method, one.path) not in ENDING]


def failures(checks: Iterator[tuple[str, str | None]]) -> list[str]:
    return [f"{name}: {problem}" for name, problem in checks if problem]


def test_every_service_lists_its_operations(everything: list[Operation]) -> None:
    assert len({one.base for one in everything}) == 5
    assert len(everything) > 40


def test_nobody_gets_in_without_a_token_and_is_told_how(guarded: list[Operation]) -> None:
    with httpx.Client() as nobody:
        answers = [(one.name, one.send(nobody)) for one in guarded]
    assert failures((name, wrong(answer, 401)) for name, answer in answers) == []
    assert [name for name, answer in answers if "Bearer" not in answer.json()["detail"]] == []


@pytest.mark.parametrize("kind", TOKENS)
def test_a_broken_token_is_none(guarded: list[Operation], kind: str) -> None:
    header = {b"Authorization": f"Bearer {TOKENS[kind]}".encode("latin-1")}
    with httpx.Client(headers=header) as stranger:
        assert failures((one.name, wrong(one.send(stranger), 401)) for one in guarded) == []


@pytest.mark.parametrize("header", ["Basic eDp4", "Bearer", "Bearer  ", "Token x", "\xff"])
def test_an_authorization_of_another_form_is_none(guarded: list[Operation], header: str) -> None:
    with httpx.Client(headers={b"Authorization": header.encode("latin-1").strip()}) as stranger:
        assert failures((one.name, wrong(one.send(stranger), 401)) for one in guarded[:8]) == []


def test_a_token_that_was_tampered_with_is_none(user: httpx.Client, product: Product) -> None:
    head, body, signature = user.headers["Authorization"].split(" ")[1].split(".")
    turned = signature[:10] + ("A" if signature[10] != "A" else "B") + signature[11:]
    with httpx.Client() as thief:
        for token in (f"{head}.{body}.{turned}", f"{head}.{body}.", f"{head}.{body[:-2]}.{turned}"):
            answer = thief.get(
                f"{product.url}/api/v1/tasks", headers={"Authorization": f"Bearer {token}"}
            )
            assert wrong(answer, 401) is None


def test_an_expired_token_is_none(guarded: list[Operation], product: Product) -> None:
    key = load_signing_key(product.data_dir)
    expired, good = (
        {"Authorization": f"Bearer {jwt.encode(CLAIMS | {'exp': at}, key, algorithm='EdDSA')}"}
        for at in (1_700_000_000, CLAIMS["exp"])
    )
    with httpx.Client() as late:
        assert late.get(f"{product.url}/api/v1/tasks", headers=good).status_code == 200
        answers = ((one.name, one.send(late, headers=expired)) for one in guarded)
        assert failures((name, wrong(answer, 401)) for name, answer in answers) == []


def test_a_token_that_may_only_read_writes_nothing(
    user: httpx.Client, writing: list[Operation]
) -> None:
    made = user.post("/auth/tokens", json={"name": "reader", "scopes": ["read"]}).json()
    previews = {"/api/v1/recurring/preview", "/api/v1/tasks/quick-add/preview"}
    harmless = {*previews, "/api/v1/notifications/ticket"}
    with httpx.Client(headers={"Authorization": f"Bearer {made['token']}"}) as reader:
        checks = [
            (one.name, wrong(one.send(reader), 403))
            for one in writing
            if not one.is_public and one.path not in harmless
        ]
    assert failures(iter(checks)) == []


@pytest.mark.parametrize("kind", NOT_JSON)
def test_what_is_not_json_is_400(user: httpx.Client, writing: list[Operation], kind: str) -> None:
    answers = ((one, one.send(user, content=NOT_JSON[kind], headers=JSON)) for one in writing)
    assert failures((one.name, wrong(answer, 400)) for one, answer in answers) == []


@pytest.mark.parametrize("kind", NOT_A_BODY)
def test_json_of_another_shape_is_422_and_names_the_field(
    user: httpx.Client, writing: list[Operation], kind: str
) -> None:
    for one in writing:
        answer = one.send(user, content=NOT_A_BODY[kind], headers=JSON)
        assert wrong(answer, 422) is None, (one.name, answer.text)
        assert fields(answer), (one.name, answer.text)


@pytest.mark.parametrize("body", [b"", b"null", b"   "])
def test_an_empty_body_is_never_an_accident(
    user: httpx.Client, writing: list[Operation], body: bytes
) -> None:
    for one in writing:
        answer = one.send(user, content=body, headers=JSON)
        assert answer.status_code in {200, 201, 204, 400, 401, 404, 422}, (one.name, answer.text)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Content-Type", "text/plain"),
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Content-Type", "multipart/form-data; boundary=x"),
        ("Content-Type", "*/*"),
        ("Content-Type", ""),
        ("Content-Encoding", "gzip"),
    ],
)
def test_another_media_type_is_415(
    user: httpx.Client, writing: list[Operation], header: str, value: str
) -> None:
    headers = JSON | {header: value}
    answers = ((one, one.send(user, content=b"{}", headers=headers)) for one in writing)
    assert failures((one.name, wrong(answer, 415)) for one, answer in answers) == []


def test_a_query_has_known_parameters_each_once(
    user: httpx.Client, everything: list[Operation]
) -> None:
    api = [one for one in everything if one.path.startswith("/api/") and one.path != STREAM]
    checks = (
        (f"{one.name}?{query}", wrong(one.send(user, f"{one.url()}?{query}"), 422))
        for one in api
        for query in QUERIES
        if (one.method, one.path) not in ENDING
    )
    assert failures(checks) == []


def kind_of(schema: dict[str, Any]) -> str:
    """What values a parameter takes, by its schema."""
    for one in (schema, *schema.get("oneOf", ()), *schema.get("anyOf", ())):
        if "enum" in one:
            return "enum"
        for kind in (one.get("format"), one.get("type")):
            if kind in WRONG_VALUES:
                return str(kind)
    return "text"


def test_a_query_parameter_of_another_type_is_422_and_named(
    user: httpx.Client, everything: list[Operation]
) -> None:
    checked = 0
    for one in everything:
        for parameter in one.of("query") if one.path != STREAM else ():
            for value in WRONG_VALUES.get(kind_of(parameter["schema"]), ()):
                answer = one.send(user, f"{one.url()}?{parameter['name']}={value}")
                assert wrong(answer, 422) is None, (one.name, parameter["name"], value)
                assert fields(answer) <= {parameter["name"]}, answer.text
                checked += 1
    assert checked > 100


def test_a_path_parameter_that_is_no_id_is_422_or_404(
    user: httpx.Client, everything: list[Operation]
) -> None:
    for one in everything:
        for parameter in one.of("path"):
            is_number = parameter["schema"].get("type") == "integer"
            for value in NOT_NUMBERS if is_number else NOT_IDS:
                answer = one.send(user, one.url(**{parameter["name"]: value}))
                assert wrong(answer, 404, 422) is None, (one.name, value, answer.text)
                if value == "5":
                    assert fields(answer), (one.name, answer.text)


def test_another_method_is_405_with_what_is_allowed(
    user: httpx.Client, everything: list[Operation]
) -> None:
    by_path: dict[str, list[Operation]] = {}
    for one in everything:
        by_path.setdefault(one.base + one.path, []).append(one)
    for same in by_path.values():
        allowed = {one.method.upper() for one in same}
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"} - allowed:
            answer = user.request(method, same[0].url())
            if answer.status_code == 200:
                continue  # The path stands for another one as well: /notifications/stream.
            assert wrong(answer, 405) is None, (method, same[0].path, answer.text)
            assert allowed <= set(answer.headers["allow"].split(", ")), (method, same[0].path)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_head_and_options_change_nothing_and_fail_nowhere(
    user: httpx.Client, everything: list[Operation], method: str
) -> None:
    statuses = {user.request(method, one.url()).status_code for one in everything}
    assert statuses <= {200, 204, 401, 404, 405, 422}


def test_a_stream_is_read_with_get(user: httpx.Client, product: Product) -> None:
    url = f"{product.url}/api/v1/notifications/stream"
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = user.request(method, url)
        assert wrong(answer, 405) is None
        assert "GET" in answer.headers["allow"]


def test_another_path_is_404(user: httpx.Client, product: Product) -> None:
    for offset in range(5):
        for path in ("/nope", "/api/v1/nope", "/api/v2/tasks", "/api/v1/tasks/nope/nope", "/%00"):
            answer = user.get(f"http://127.0.0.1:{product.port_base + offset}{path}")
            assert wrong(answer, 404) is None, (offset, path, answer.text)


def test_bad_input_writes_nothing(user: httpx.Client, writing: list[Operation]) -> None:
    """The lists of tasks and tokens, the trail and the notifications are as they were."""
    user.post("/tasks", json={"title": "The only one"})
    before = settled(user)
    for one in writing:
        for body in (*NOT_JSON.values(), *NOT_A_BODY.values()):
            one.send(user, content=body, headers=JSON)
    atomic = {"create": [{"title": "a"}, {"title": ""}], "atomic": True}
    assert wrong(user.post("/tasks/bulk", json=atomic), 422) is None
    assert settled(user) == before


def settled(user: httpx.Client) -> list[Any]:
    """What a user can see, once the events on their way have come."""
    deadline = time.monotonic() + 20
    tasks = user.get("/tasks").json()["items"]
    while time.monotonic() < deadline:
        trail = user.get("/audit/events?event_type=task.created").json()["items"]
        if len(trail) >= len(tasks):
            break
    tokens = user.get("/auth/tokens").json()["items"]
    for one in tokens:
        # When a token was used last is written down a moment later, and is no effect of a request.
        del one["last_used_at"]
    return [tasks, trail, user.get("/auth/me").json(), tokens]


def test_a_preview_of_any_rule_ends(user: httpx.Client) -> None:
    hours = ",".join(map(str, range(24)))
    places = ",".join(map(str, range(1, 120)))
    days = "MO,TU,WE,TH,FR,SA,SU"
    far = {"after": "8000-01-01T00:00:00Z"}
    for rule, more in (
        ("FREQ=YEARLY;INTERVAL=10000", {}),
        ("FREQ=HOURLY;BYMONTH=1;BYMONTHDAY=1;BYHOUR=5", {}),
        ("FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=29;BYHOUR=5;COUNT=10000", far),
        ("FREQ=DAILY;BYDAY=MO;BYSETPOS=2", {}),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", {}),
        (f"FREQ=YEARLY;BYDAY={days};BYHOUR={hours};BYSETPOS={places}", {}),
        (f"FREQ=YEARLY;BYDAY={days};BYHOUR={hours};BYSETPOS=-1", {}),
        ("FREQ=DAILY;COUNT=10000", far),
        ("FREQ=YEARLY;COUNT=10000", far),
        ("FREQ=YEARLY;BYWEEKNO=53;BYYEARDAY=366;BYDAY=MO", {}),
    ):
        body = {"start": "2026-01-01T09:00:00", "rule": rule, "count": 500, **more}
        answer = user.post("/recurring/preview", json=body)
        if answer.status_code != 200:
            assert wrong(answer, 422) is None, (rule, answer.text)
            (error,) = answer.json()["errors"]
            assert error["message"].startswith(("takes too long", "never occurs"))

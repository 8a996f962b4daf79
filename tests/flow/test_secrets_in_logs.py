"""No password, token, cookie or key is ever in a log, at debug level and in tracebacks either."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from tests.product import Product

from taskflow.base.settings import Settings
from taskflow.runner.reaching import reaching
from taskflow.services.task_api.issuer import MARK_COOKIE

RIGHT, NEW, WRONG = "Canary-Right-1!", "Canary-New-2!", "Canary-Wrong-3!"
FORGED = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnkifQ.canary-signature"
# Refuses every new row with an error that shows the row, as a fault of ours would.
BREAK = [
    "ALTER TABLE accounts.users ADD CONSTRAINT broken CHECK (name <> 'Break') NOT VALID",
    "ALTER TABLE accounts.tokens ADD CONSTRAINT broken CHECK (name <> 'Break') NOT VALID",
    "ALTER TABLE accounts.refresh_tokens ADD CONSTRAINT broken CHECK (used_at IS NULL) NOT VALID",
    "ALTER TABLE accounts.users ADD CONSTRAINT unchanged CHECK (updated_at = created_at) NOT VALID",
]
HASHES = "SELECT password_hash FROM accounts.users"


def secret_cookies(answer: httpx.Response) -> set[str]:
    """The cookies that are worth something."""
    return {value for name, value in answer.cookies.items() if name != MARK_COOKIE}


class Canaries:
    """Somebody whose every secret is remembered."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.email = f"{uuid4()}@example.com"
        self.secrets = {RIGHT, NEW, WRONG, FORGED}

    def login(self, password: str = RIGHT) -> dict[str, Any]:
        body = {"email": self.email, "password": password}
        answer = self.client.post("/auth/login", json=body)
        found: dict[str, Any] = answer.json()
        self.secrets |= {found[name] for name in ("access_token", "refresh_token") if name in found}
        self.secrets |= secret_cookies(answer)
        return found

    def register(self, name: str = "Ada") -> int:
        body = {"email": self.email, "password": RIGHT, "name": name}
        return self.client.post("/auth/register", json=body).status_code

    def refresh(self, token: str) -> int:
        answer = self.client.post("/auth/refresh", json={"refresh_token": token})
        self.secrets |= secret_cookies(answer)
        return answer.status_code

    def token(self, access: str, name: str = "CI") -> int:
        made = self.client.post("/auth/tokens", json={"name": name}, headers=bearer(access))
        self.secrets |= {made.json()["token"]} if made.status_code == 201 else set()
        return made.status_code

    def visit(self, access: str) -> None:
        """Use every kind of secret, rightly and wrongly."""
        client = self.client
        ticket = client.post("/notifications/ticket", headers=bearer(access)).json()["ticket"]
        self.secrets.add(ticket)
        for secret in list(self.secrets):
            client.cookies.clear()
            client.get("/tasks", headers=bearer(secret))
            client.get("/tasks", headers={"Authorization": f"Basic {secret}"})
            client.get("/tasks", headers={"Cookie": f"taskflow_session={secret}"})
            client.post("/auth/refresh", headers={"Cookie": f"taskflow_refresh={secret}"})
            client.post("/auth/login", content=f'{{"password": "{secret}", ')
            client.post("/auth/login", json={"password": secret, "email": secret})
            client.post("/auth/register", json={"password": [secret], "email": secret})
            client.get("/notifications/stream", params={"ticket": f"{secret}x"})


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(params=["console", "json"])
def talkative(open_dir: Path, request: pytest.FixtureRequest) -> Iterator[Product]:
    """TaskFlow, telling all that it ever tells."""
    settings = {"TASKFLOW_LOG_LEVEL": "debug", "TASKFLOW_LOG_FORMAT": request.param}
    product = Product(open_dir / f"talkative-{request.param}", settings)
    product.start()
    yield product
    product.stop()


async def test_no_secret_is_in_any_log(talkative: Product) -> None:
    canaries = Canaries(talkative.visitor())
    assert canaries.register() == 201
    assert canaries.login(WRONG)["status"] == 401
    tokens = canaries.login()
    access = tokens["access_token"]
    assert canaries.token(access) == 201
    assert canaries.refresh(tokens["refresh_token"]) == 200
    canaries.visit(access)
    canaries.secrets |= await broken(talkative)
    access = canaries.login()["access_token"]
    failures = [
        Canaries(talkative.visitor()).register("Break"),
        canaries.token(access, "Break"),
        canaries.refresh(canaries.login()["refresh_token"]),
        canaries.client.patch(
            "/auth/me",
            json={"password": NEW, "current_password": RIGHT},
            headers=bearer(access),
        ).status_code,
    ]
    assert failures == [500] * 4
    canaries.secrets |= keys_of(talkative.data_dir)
    assert talkative.stop() == 0
    said = "".join(talkative.output) + "".join(
        path.read_text(errors="replace") for path in talkative.data_dir.rglob("*.log")
    )
    assert said.count("request.failed") == 4
    assert [secret for secret in canaries.secrets if secret in said] == []


async def broken(product: Product) -> set[str]:
    """Make every write of a secret fail; the hashes that there are."""
    async with reaching(Settings.load({"data_dir": product.data_dir})) as dsn:
        connection = await asyncpg.connect(dsn)
        for statement in BREAK:
            await connection.execute(statement)
        hashes = {row[0] for row in await connection.fetch(HASHES)}
        await connection.close()
    return {*hashes, "$argon2id$", "\\x"}


def keys_of(data_dir: Path) -> set[str]:
    lines = (data_dir / "keys" / "signing-key.pem").read_text().splitlines()
    return {lines[1], (data_dir / "postgres" / "password").read_text().strip()}

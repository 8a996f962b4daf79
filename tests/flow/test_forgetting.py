"""Erasing an account through the product: nothing that was written is left but in the trail."""

import time
from uuid import uuid4

import httpx
from tests.flow.test_outages import connect
from tests.product import Product

CANARY = "Call Dr. Marlowe"
PATIENCE_SECONDS = 30
TABLES = """
SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
 WHERE schemaname IN ('accounts', 'tasks', 'delivery', 'recurring', 'reminders', 'notifications')
"""


async def places(product: Product) -> set[str]:
    """The tables outside of the trail that have what the person wrote."""
    connection = await connect(product)
    try:
        found = set()
        for name in [row["name"] for row in await connection.fetch(TABLES)]:
            counting = f"SELECT count(*) FROM {name} AS one WHERE position($1 IN one::text) > 0"  # noqa: S608 - our own tables
            for form in (CANARY, CANARY.encode().hex()):
                if await connection.fetchval(counting, form):
                    found.add(name)
        return found
    finally:
        await connection.close()


async def becomes(product: Product, wanted: set[str]) -> bool:
    """Whether these become the tables that have it, before our patience ends."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while await places(product) != wanted:
        if time.monotonic() > deadline:
            return False
    return True


def write(user: httpx.Client) -> None:
    recurring = {"recurrence": {"rule": "FREQ=WEEKLY"}, "reminders": [{"offset": "PT1H"}]}
    for more in (recurring, {}):
        task = {"title": CANARY, "due_date": "2030-03-09T09:00:00Z", **more}
        answer = user.post("/tasks", json=task, headers={"Idempotency-Key": str(uuid4())})
        assert answer.status_code == 201
    thrown = user.post("/tasks", json={"title": CANARY}).json()["id"]
    assert user.delete(f"/tasks/{thrown}").status_code == 204


async def test_what_an_erased_account_wrote_is_gone_from_everywhere_but_the_trail(
    product: Product,
) -> None:
    user = product.user()
    write(user)
    kept = {
        "tasks.tasks", "tasks.idempotency_keys", "recurring.habit_tasks", "recurring.instances",
        "recurring.series", "reminders.tasks", "notifications.items",
    }  # fmt: skip
    assert await becomes(product, kept)
    assert user.delete("/auth/me").status_code == 204
    assert await becomes(product, set())

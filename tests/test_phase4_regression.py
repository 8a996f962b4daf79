"""A client of the earlier phase, which knows no recurrence, reminders or priorities, is served."""

from tests.product import Product


def test_a_task_with_a_title_alone_behaves_as_it_always_did(product: Product) -> None:
    user = product.user()
    made = user.post("/tasks", json={"title": "Plain"})
    assert made.status_code == 201
    task = made.json()
    assert (task["status"], task["priority"], task["description"]) == ("pending", "medium", "")
    assert (task["recurrence"], task["reminders"], task["series_id"]) == (None, [], None)
    address = f"/tasks/{task['id']}"
    assert user.put(address, json={"title": "Plainer", "description": "x"}).status_code == 200
    assert user.get(address).json()["title"] == "Plainer"
    assert [one["id"] for one in user.get("/tasks").json()["items"]] == [task["id"]]
    assert user.patch(address, json={"status": "completed"}).json()["status"] == "completed"
    assert user.delete(address).status_code == 204
    assert user.get("/tasks").json()["items"] == []
    assert user.get("/recurring/series").json()["items"] == []
    assert user.get("/reminders").json()["items"] == []

"""A person sets up how they are reminded beside the page, and tries it; secrets are shown once."""

import json
import re
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator
from hashlib import sha256
from hmac import digest
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiosmtpd.controller import Controller
from tests.distributed.ports import free_span
from tests.product import Product
from tests.taking import Box, Receiver

PATIENCE_SECONDS = 20
ENDPOINT = "https://push.example.com/send/abcdefgh"
P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
SUBSCRIPTION = {
    "endpoint": ENDPOINT,
    "expirationTime": None,
    "keys": {"p256dh": P256DH, "auth": "BTBZMqHH6r4Tts7J_aSIgg"},
}


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever, daemon=True)
        thread.start()
        yield receiver
        receiver.shutdown()


@pytest.fixture(scope="module")
def box() -> Box:
    return Box()


@pytest.fixture(scope="module")
def place(open_dir: Path, box: Box) -> Iterator[Product]:
    """An installation that may call this machine, and has a mail server."""
    port = free_span(1)
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    settings = {
        "TASKFLOW_OUTBOUND_ALLOWED_NETWORKS": "127.0.0.0/8",
        "TASKFLOW_SMTP_HOST": "127.0.0.1",
        "TASKFLOW_SMTP_PORT": str(port),
        "TASKFLOW_SMTP_TLS": "off",
        "TASKFLOW_SMTP_SENDER": "reminders@example.com",
        "TASKFLOW_PUBLIC_URL": "https://tasks.example.com/",
    }
    place = Product(open_dir / "channels", settings)
    place.start()
    yield place
    assert place.stop() == 0
    server.stop()


def add(user: httpx.Client, **body: Any) -> dict[str, Any]:
    answer = user.post("/reminders/channels", json=body)
    assert answer.status_code == HTTPStatus.CREATED, answer.text
    made: dict[str, Any] = answer.json()
    return made


def channels(user: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = user.get("/reminders/channels").json()["items"]
    return found


def test_a_fresh_installation_says_what_it_has_and_why_not_the_rest(product: Product) -> None:
    user = product.user()
    found = user.get("/reminders/channels").json()
    assert found["items"] == []
    kinds = {one["kind"]: (one["is_available"], one["reason"]) for one in found["kinds"]}
    assert [kind for kind, (is_there, _) in kinds.items() if is_there] == [
        "web_push", "webhook", "apprise",
    ]  # fmt: skip
    assert "TASKFLOW_SMTP_HOST" in kinds["email"][1]
    answer = user.post("/reminders/channels", json={"kind": "email", "to": "ada@example.com"})
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "TASKFLOW_SMTP_HOST" in answer.json()["detail"]


def test_a_webhook_is_signed_with_the_secret_that_is_shown_once(
    place: Product, receiver: Receiver
) -> None:
    user = place.user()
    made = add(user, kind="webhook", url=receiver.url, name="My program")
    secret, channel = made["secret"], made["channel"]
    assert (channel["name"], channel["is_on"], channel["is_proven"]) == ("My program", True, True)
    assert "with-a" not in json.dumps(channel)
    assert secret not in user.get("/reminders/channels").text
    answer = user.post(f"/reminders/channels/{channel['id']}/test")
    assert answer.json()["is_delivered"], answer.text
    headers, body = receiver.calls[-1]
    assert signatures(headers, body, secret) == headers["webhook-signature"].split()
    said = json.loads(body)
    assert said["type"] == "taskflow.test"
    assert said["data"]["link"] == "https://tasks.example.com/"
    assert channels(user)[0]["last_result"]["is_delivered"]


def test_a_new_secret_signs_beside_the_former_one(place: Product, receiver: Receiver) -> None:
    user = place.user()
    made = add(user, kind="webhook", url=receiver.url)
    path = f"/reminders/channels/{made['channel']['id']}"
    renewed = user.post(f"{path}/secret").json()
    assert renewed["secret"] != made["secret"]
    assert user.post(f"{path}/test").json()["is_delivered"]
    headers, body = receiver.calls[-1]
    both = signatures(headers, body, renewed["secret"], made["secret"])
    assert headers["webhook-signature"].split() == both


def signatures(headers: dict[str, str], body: bytes, *secrets: str) -> list[str]:
    """As a receiver makes them, by the standard."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    keys = [b64decode(secret.removeprefix("whsec_")) for secret in secrets]
    return ["v1," + b64encode(digest(key, signed, sha256)).decode() for key in keys]


def test_a_test_that_fails_says_why_and_gone_turns_the_channel_off(
    place: Product, receiver: Receiver
) -> None:
    user = place.user()
    path = f"/reminders/channels/{add(user, kind='webhook', url=receiver.url)['channel']['id']}"
    for status, is_final, is_on in ((503, False, True), (400, True, True), (410, True, False)):
        receiver.status = status
        said = user.post(f"{path}/test").json()
        assert (said["is_delivered"], said["is_final"]) == (False, is_final)
        assert str(status) in said["detail"]
        assert channels(user)[0]["is_on"] is is_on
    assert "410" in channels(user)[0]["reason"]
    receiver.status = 200
    again = user.patch(path, json={"is_on": True}).json()
    assert (again["is_on"], again["reason"]) == (True, None)


def test_somebody_who_tries_too_often_is_told_when_to_try_again(
    place: Product, receiver: Receiver
) -> None:
    user = place.user()
    path = f"/reminders/channels/{add(user, kind='webhook', url=receiver.url)['channel']['id']}"
    answers = [user.post(f"{path}/test") for _ in range(6)]
    assert [one.status_code for one in answers] == [200] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_somebody_who_adds_services_too_often_is_told_when_to_try_again(place: Product) -> None:
    user = place.user()
    body = {"kind": "apprise", "url": "no-service://example.com"}
    answers = [user.post("/reminders/channels", json=body) for _ in range(6)]
    assert [one.status_code for one in answers] == [422] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_mail_goes_to_a_box_only_after_its_code_came_back(place: Product, box: Box) -> None:
    user, before = place.user(), len(box.mails)
    made = add(user, kind="email", to="Ada@Example.com")["channel"]
    assert (made["address"], made["is_on"], made["is_proven"]) == ("ada@example.com", False, False)
    path = f"/reminders/channels/{made['id']}"
    assert user.post(f"{path}/test").status_code == HTTPStatus.CONFLICT
    assert user.patch(path, json={"is_on": True}).status_code == HTTPStatus.CONFLICT
    code = box.code(before + 1)
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    answer = user.post(f"{path}/verify", json={"code": wrong})
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert answer.json()["errors"][0]["field"] == "code"
    proven = user.post(f"{path}/verify", json={"code": code}).json()
    assert (proven["is_on"], proven["is_proven"], proven["reason"]) == (True, True, None)
    assert user.post(f"{path}/test").json()["is_delivered"]
    assert box.mails[-1]["To"] == "ada@example.com"
    moved = user.patch(path, json={"to": "grace@example.com"}).json()
    assert (moved["is_on"], moved["is_proven"]) == (False, False)
    assert box.mails[-1]["To"] == "grace@example.com"


def test_a_code_is_guessed_at_five_times_and_another_voids_it(place: Product, box: Box) -> None:
    user, before = place.user(), len(box.mails)
    made = add(user, kind="email", to="ada@example.com")["channel"]
    path = f"/reminders/channels/{made['id']}"
    first = box.code(before + 1)
    wrong = f"{(int(first) + 1) % 10**8:08d}"
    statuses = [user.post(f"{path}/verify", json={"code": wrong}).status_code for _ in range(6)]
    assert statuses == [422] * 5 + [409]
    assert user.post(f"{path}/verify", json={"code": first}).status_code == HTTPStatus.CONFLICT
    assert user.post(f"{path}/code").status_code == HTTPStatus.OK
    second = box.code(before + 2)
    assert user.post(f"{path}/verify", json={"code": second}).json()["is_on"]


def test_codes_cannot_be_had_sent_at_will(place: Product) -> None:
    user = place.user()
    bodies = [{"kind": "email", "to": f"victim{number}@example.com"} for number in range(6)]
    answers = [user.post("/reminders/channels", json=body) for body in bodies]
    assert [one.status_code for one in answers] == [201] * 5 + [429]
    assert len(channels(user)) == 5


def test_channels_are_in_the_order_of_preference(place: Product, receiver: Receiver) -> None:
    user = place.user()
    ids = [
        add(user, kind="webhook", url=receiver.url, name=name)["channel"]["id"] for name in "abc"
    ]
    user.patch(f"/reminders/channels/{ids[2]}", json={"position": 1})
    assert [one["name"] for one in channels(user)] == ["c", "a", "b"]
    user.patch(f"/reminders/channels/{ids[2]}", json={"position": 1000, "name": "last"})
    assert [one["name"] for one in channels(user)] == ["a", "b", "last"]
    assert user.delete(f"/reminders/channels/{ids[1]}").status_code == HTTPStatus.NO_CONTENT
    assert user.delete(f"/reminders/channels/{ids[1]}").status_code == HTTPStatus.NOT_FOUND
    assert [one["name"] for one in channels(user)] == ["a", "last"]


def test_a_browser_is_one_channel_of_whoever_used_it_last(place: Product) -> None:
    key = place.user().get("/reminders/channels/web-push/key").json()["key"]
    assert re.fullmatch(r"B[\w-]{86}", key)
    file = place.data_dir / "keys" / "web-push-key.pem"
    assert file.stat().st_mode & 0o777 == 0o600
    ada, grace = place.user(), place.user()
    first = add(ada, kind="web_push", subscription=SUBSCRIPTION)["channel"]
    again = add(ada, kind="web_push", subscription=SUBSCRIPTION)["channel"]
    assert first["id"] == again["id"]
    assert "abcd" not in first["address"]
    add(grace, kind="web_push", subscription=SUBSCRIPTION)
    assert channels(ada) == []
    assert len(channels(grace)) == 1


def test_apprise_is_told_by_services_over_http_alone(place: Product, receiver: Receiver) -> None:
    user = place.user()
    port = receiver.server_port
    made = add(user, kind="apprise", url=f"json://ada:pass-word@127.0.0.1:{port}/x")["channel"]
    assert made["address"] == "json://…"
    assert user.post(f"/reminders/channels/{made['id']}/test").json()["is_delivered"]
    assert json.loads(receiver.calls[-1][1])["title"] == "A test by TaskFlow"
    path = f"/reminders/channels/{made['id']}"
    assert user.patch(path, json={"url": "syslog://"}).status_code == 422
    assert user.patch(path, json={"url": "ntfys://ntfy.sh/x"}).json()["address"] == "ntfys://…"
    refused = [
        "nothing://x", "mailto://user:pass@example.com", "syslog://", "dbus://", "macosx://",
        "windows://", "gnome://", "rsyslog://127.0.0.1", "irc://127.0.0.1/#x", "file:///etc/passwd",
        "ntfys://ntfy.sh/one/two", "json://", "xmpp://user:pass@127.0.0.1", "mqtt://127.0.0.1/x",
    ]  # fmt: skip
    for url in refused:
        body = {"kind": "apprise", "url": url}
        answer = place.user().post("/reminders/channels", json=body)
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY, (url, answer.text)
        assert answer.json()["errors"][0]["field"] == "url"


def test_nobody_has_more_than_twenty(place: Product, receiver: Receiver) -> None:
    user = place.user()
    body = {"kind": "webhook", "url": receiver.url}
    statuses = [user.post("/reminders/channels", json=body).status_code for _ in range(21)]
    assert statuses == [201] * 20 + [409]


def test_this_machine_may_not_be_called_by_default(product: Product, receiver: Receiver) -> None:
    user, before = product.user(), len(receiver.calls)
    body = {"kind": "webhook", "url": receiver.url}
    answer = user.post("/reminders/channels", json=body)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    by_name = f"http://localhost:{receiver.server_port}/"
    made = add(user, kind="webhook", url=by_name)["channel"]
    said = user.post(f"/reminders/channels/{made['id']}/test").json()
    assert (said["is_delivered"], said["is_final"]) == (False, True)
    assert "not public" in said["detail"]
    url = f"json://localhost:{receiver.server_port}/"
    made = add(user, kind="apprise", url=url)["channel"]
    said = user.post(f"/reminders/channels/{made['id']}/test").json()
    assert (said["is_delivered"], said["is_final"]) == (False, True)
    assert len(receiver.calls) == before


def test_an_erased_account_leaves_no_channel(place: Product, receiver: Receiver) -> None:
    user = place.user()
    made = add(user, kind="webhook", url=receiver.url)["channel"]
    assert user.delete("/auth/me").status_code == HTTPStatus.NO_CONTENT
    assert user.post(f"/reminders/channels/{made['id']}/test").status_code in {401, 404}


def test_no_secret_is_in_the_log(place: Product, receiver: Receiver) -> None:
    user = place.user()
    secret = add(user, kind="webhook", url=receiver.url)["secret"]
    receiver.status = 500
    user.post(f"/reminders/channels/{channels(user)[0]['id']}/test")
    receiver.status = 200
    log = "".join(place.output)
    assert "with-a-secret" not in log
    assert "pass-word" not in log
    assert secret not in log
    assert "channels.not_delivered" in log

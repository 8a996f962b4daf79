"""The commands of an operator, as processes of their own beside a running TaskFlow."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.product import Product, environment

from taskflow.base.clock import SystemClock
from taskflow.base.ids import new_id
from taskflow.base.settings import Settings
from taskflow.bus.message import Message
from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.inbox import dead_letters
from taskflow.runner.folder_lock import holder
from taskflow.runner.reaching import reaching

STARTS = ("taskflow ", "TASKFLOW_", "pass show ")
RENEWED = "a walk in the park at night"


def taskflow(
    product: Product, *arguments: str, typed: str = "", **extra: str
) -> subprocess.CompletedProcess[str]:
    """A command on the product's folder and ports."""
    return subprocess.run(
        [sys.executable, "-c", "from taskflow.cli import main; main()", *arguments],
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=environment(product.data_dir, product.port_base) | extra,
    )


def test_smoke_passes_on_a_running_system_and_leaves_no_account(product: Product) -> None:
    done = taskflow(product, "smoke", product.url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all passed" in done.stdout
    assert taskflow(product, "smoke", product.url, "--one-origin").returncode == 0
    assert "smoke-" not in taskflow(product, "user", "list").stdout


def test_smoke_says_when_nothing_is_there(product: Product) -> None:
    done = taskflow(product, "smoke", "http://127.0.0.1:9")
    assert done.returncode == 1
    assert "✗ task-api is ready" in done.stdout
    assert "must be an address" in taskflow(product, "smoke", "localhost").stderr


def test_an_account_is_made_listed_promoted_and_given_a_new_password(product: Product) -> None:
    email = f"{new_id(SystemClock().now())}@example.com"
    made = taskflow(product, "user", "create", email, "--name", "Ada [x]", typed="Test123!\n")
    assert made.returncode == 0, made.stderr
    again = taskflow(product, "user", "create", email, "--name", "Ada", typed="Test123!\n")
    assert (again.returncode, again.stderr) == (1, "taskflow: the email is taken\n")
    assert taskflow(product, "user", "make-admin", email.upper()).returncode == 0
    listed = taskflow(product, "user", "list").stdout
    row = next(line for line in listed.splitlines() if line.startswith(email))
    assert "Ada [x]" in row
    assert " admin " in row
    reset = taskflow(product, "user", "reset-password", email, typed=f"{RENEWED}\n")
    assert reset.returncode == 0
    visitor = product.visitor()
    login = {"email": email, "password": "Test123!"}
    assert visitor.post("/auth/login", json=login).status_code == 401
    assert visitor.post("/auth/login", json=login | {"password": RENEWED}).status_code == 200


def test_a_weak_password_or_an_unknown_account_is_a_sentence(product: Product) -> None:
    weak = taskflow(product, "user", "create", "b@example.com", "--name", "B", typed="short\n")
    assert (weak.returncode, weak.stderr) == (
        1,
        "taskflow: password: must have at least 8 characters\n",
    )
    unknown = taskflow(product, "user", "make-admin", "nobody@example.com")
    assert unknown.returncode == 1
    assert "there is no account nobody@example.com" in unknown.stderr


@pytest.mark.parametrize("command", ["doctor", "user list", "backup file.zip"])
def test_a_folder_that_the_system_refuses_is_a_sentence(product: Product, command: str) -> None:
    refused = f"/{'x' * 300}"
    done = taskflow(product, *command.split(), "--data-dir", refused)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert refused in done.stderr
    assert "File name too long" in done.stderr


async def test_a_dead_letter_is_listed_shown_replayed_and_discarded(product: Product) -> None:
    task = product.user().post("/tasks", json={"title": "Plain"}).json()
    unreadable = Message(0, "taskflow.tasks.created", task["id"], b"{no json")
    now = SystemClock().now()
    async with reaching(Settings.load({"data_dir": product.data_dir})) as dsn:
        database = Database(dsn, "taskflow_delivery", Hints())
        await database.open()
        async with database.transaction() as transaction:
            for name in ("first", "second"):
                failure = dead_letters.Failure("reminder", name, "unreadable [why]", now)
                await dead_letters.keep(transaction, failure, unreadable)
        await database.close()
    listed = taskflow(product, "dead-letters", "list", "--consumer", "reminder").stdout
    assert listed.count("unreadable [why]") == 2
    assert "{no json" in taskflow(product, "dead-letters", "show", "reminder", "first").stdout
    assert taskflow(product, "dead-letters", "replay", "reminder", "first").returncode == 0
    discarded = taskflow(product, "dead-letters", "discard", "reminder", "second", "--yes")
    assert discarded.returncode == 0
    assert (
        taskflow(product, "dead-letters", "discard", "reminder", "first", "--yes").returncode == 0
    )
    missing = taskflow(product, "dead-letters", "show", "reminder", "second")
    assert "reminder has no dead letter second" in missing.stderr
    assert "there are no dead letters" in taskflow(product, "dead-letters", "list").stdout


def test_the_doctor_finds_a_healthy_system_healthy(product: Product) -> None:
    done = taskflow(product, "doctor", "--json")
    assert done.returncode == 0, done.stdout
    found = {one["name"]: one["state"] for one in json.loads(done.stdout)}
    for name in ("data folder", "database", "schema", "task-api", "audit-logger", "web page"):
        assert found[name] == "on", found


def test_the_doctor_names_what_is_wrong_and_what_to_do(product: Product, tmp_path: Path) -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        port = str(squatter.getsockname()[1])
        done = taskflow(
            product,
            "doctor",
            "--json",
            TASKFLOW_DATA_DIR=str(tmp_path),
            TASKFLOW_PORT_BASE=port,
            TASKFLOW_HOTS="localhost",
            TASKFLOW_DATABASE_URL="postgresql://nobody:secret-word@127.0.0.1:9/none",
        )
    assert done.returncode == 1
    found = {one["name"]: one for one in json.loads(done.stdout)}
    assert found["settings"]["text"] == "TASKFLOW_HOTS is no setting"
    assert "TASKFLOW_HOST" in found["settings"]["advice"]
    assert found["task-api"]["state"] == found["database"]["state"] == "wrong"
    assert "TASKFLOW_PORT_BASE" in found["task-api"]["text"]
    assert "127.0.0.1:9/none (TASKFLOW_DATABASE_URL)" in found["database"]["text"]
    assert "secret-word" not in done.stdout + done.stderr


def test_the_doctor_tells_another_taskflow_from_ours(product: Product, tmp_path: Path) -> None:
    done = taskflow(product, "doctor", "--json", "--data-dir", str(tmp_path))
    assert done.returncode == 1
    found = {one["name"]: one for one in json.loads(done.stdout)}
    for name in ("task-api", "audit-logger"):
        assert found[name]["state"] == "wrong"
        assert "another TaskFlow listens on" in found[name]["text"]


def test_a_setting_that_is_not_known_is_warned_of_and_kept_in_mind(product: Product) -> None:
    unknown = {"TASKFLOW_PORT": "9000", "TASKFLOW_XYZZY": "1"}
    warned = [
        "taskflow: TASKFLOW_PORT is no setting and changes nothing; is TASKFLOW_PORT_BASE meant?",
        "taskflow: TASKFLOW_XYZZY is no setting and changes nothing; see `taskflow settings`",
    ]
    for command, code in (("settings", 0), ("up", 1), ("run task-api", 1)):
        done = taskflow(product, *command.split(), **unknown)
        assert (done.returncode, done.stderr.splitlines()[:2]) == (code, warned), command
    doctor = taskflow(product, "doctor", **unknown)
    assert (doctor.returncode, doctor.stdout.splitlines()[-1]) == (0, "2 to look at")


def test_the_summary_of_a_start_says_how_to_call_the_command(product: Product) -> None:
    line = next(line for line in product.output if line.startswith("  commands"))
    command = line.split()[1:]
    assert command[1:] == ["--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "Usage: taskflow" in done.stdout) == (0, True)


def test_a_schema_that_is_current_needs_nothing(product: Product) -> None:
    for arguments in (["migrate"], ["migrate", "--check"]):
        done = taskflow(product, *arguments)
        assert (done.returncode, done.stdout[:13]) == (0, "nothing to do"), done.stderr


def test_a_command_starts_the_database_itself_when_nothing_runs(open_dir: Path) -> None:
    product = Product(open_dir / "resting")
    nothing = taskflow(product, "user", "list")
    assert nothing.returncode == 1
    assert "there is no TaskFlow in" in nothing.stderr
    product.start()
    product.user()
    product.stop()
    assert holder(product.data_dir) is None
    listed = taskflow(product, "user", "list")
    assert listed.stdout.count("@example.com") == 1, listed.stderr
    assert holder(product.data_dir) is None


@pytest.mark.parametrize(
    "arguments", [["up"], ["user"], ["dead-letters"], ["doctor"], ["migrate"], ["smoke"]]
)
def test_every_command_explains_itself_with_examples(
    product: Product, arguments: list[str]
) -> None:
    names = [arguments]
    if arguments in (["user"], ["dead-letters"]):
        shown = taskflow(product, *arguments, "--help").stdout.partition("Commands:")[2]
        names = [[*arguments, line.split()[0]] for line in shown.splitlines() if line[2:3].strip()]
        assert len(names) == 4
    for name in names:
        lines = taskflow(product, *name, "--help").stdout.splitlines()
        example = lines[lines.index("  Examples:") + 1]
        assert example.strip().startswith(STARTS), lines


def test_the_list_of_commands_says_of_each_what_it_does_uncut(product: Product) -> None:
    shown = " ".join(taskflow(product, "--help").stdout.split())
    assert "..." not in shown.partition("Commands:")[2]
    assert "Run TaskFlow: the database, the five services and the page, until Ctrl-C." in shown


def test_health_asks_one_service_or_every_one_that_is_here(product: Product) -> None:
    every = taskflow(product, "health")
    assert every.returncode == 0, every.stdout + every.stderr
    assert every.stdout.count('"status":"ok"') == 5
    one = taskflow(product, "health", "reminder", "--ready")
    assert (one.returncode, one.stdout.count('"status":"ready"')) == (0, 1), one.stdout
    assert taskflow(product, "health", "postman").returncode == 2


def test_health_fails_where_nothing_listens(product: Product) -> None:
    nowhere = {"TASKFLOW_PORT_BASE": "9"}
    assert taskflow(product, "health", **nowhere).returncode == 1
    one = taskflow(product, "health", "task-api", **nowhere)
    assert (one.returncode, "does not listen on port 9" in one.stdout) == (1, True)


def test_roles_are_granted_to_a_login_that_is_there_only(product: Product) -> None:
    done = taskflow(product, "migrate", "--grant-to", "nobody")
    assert done.returncode == 1
    assert 'role "nobody" does not exist' in done.stderr

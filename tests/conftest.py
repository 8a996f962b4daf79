"""What tests share: one embedded PostgreSQL, and the whole product as a process of its own."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tests.product import Product
from tests.redis_server import RedisServer

from taskflow.db.engine import Database
from taskflow.db.hints import Hints
from taskflow.db.migrate import migrate
from taskflow.runner.postgres import EmbeddedPostgres

# How fast an example runs is no criterion: the machine may be busy.
settings.register_profile("taskflow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("taskflow")


@pytest.fixture(scope="session")
def open_dir() -> Iterator[Path]:
    """A folder that an unprivileged account can reach too: PostgreSQL does not run as root."""
    folder = Path(tempfile.mkdtemp(prefix="taskflow-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
async def dsn(open_dir: Path) -> AsyncIterator[str]:
    """The address of a migrated database."""
    postgres = EmbeddedPostgres(open_dir / "shared")
    await postgres.start()
    try:
        await migrate(postgres.dsn())
        yield postgres.dsn()
    finally:
        await postgres.stop()


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    """The Task API's connections."""
    database = Database(dsn, "taskflow_task_api", Hints(), max_connections=12)
    await database.open()
    yield database
    await database.close()


@pytest.fixture(scope="session")
def product(open_dir: Path) -> Iterator[Product]:
    """TaskFlow, running."""
    product = Product(open_dir / "product")
    product.start()
    product.install()
    yield product
    product.stop()


@pytest.fixture
def redis_server(open_dir: Path) -> Iterator[RedisServer]:
    """A Redis of the test's own, running and empty."""
    server = RedisServer(Path(tempfile.mkdtemp(prefix="redis-", dir=open_dir)))
    server.start()
    yield server
    server.stop()

"""Addresses of databases."""

import pytest

from taskflow.runner.addresses import with_database, without_password

SOCKET = "postgresql://taskflow:s3cret@/taskflow?host=%2Frun%2Ftaskflow&port=5432"


@pytest.mark.parametrize(
    ("dsn", "url", "password"),
    [
        (SOCKET, "postgresql://taskflow@/taskflow?host=%2Frun%2Ftaskflow&port=5432", "s3cret"),
        ("postgresql://a:b%40c@db:5432/x", "postgresql://a@db:5432/x", "b@c"),
        ("postgresql://db/x?user=a&password=b%20c", "postgresql://db/x?user=a", "b c"),
        ("postgresql://a:b@one:1,two:2/x?sslmode=require",
         "postgresql://a@one:1,two:2/x?sslmode=require", "b"),
        ("postgres:///x", "postgres:///x", None),
        ("postgresql://a@/x", "postgresql://a@/x", None),
    ],
)  # fmt: skip
def test_no_password_stays_in_an_address_that_others_may_see(
    dsn: str, url: str, password: str | None
) -> None:
    assert without_password(dsn) == (url, password)


@pytest.mark.parametrize(
    ("dsn", "other"),
    [
        (SOCKET, "postgresql://taskflow:s3cret@/my%2Fown?host=%2Frun%2Ftaskflow&port=5432"),
        ("postgresql://a:b%40c@db", "postgresql://a:b%40c@db/my%2Fown"),
        ("postgresql://db?dbname=x&user=a%20b", "postgresql://db/my%2Fown?user=a%20b"),
    ],
)
def test_another_database_is_reached_like_the_first(dsn: str, other: str) -> None:
    assert with_database(dsn, "my/own") == other

"""Which passwords are taken, and that only the right one opens."""

import pytest
from argon2 import PasswordHasher

from taskflow.accounts.passwords import (
    check_strength,
    hash_password,
    is_outdated,
    verify_password,
)
from taskflow.base.errors import Invalid


@pytest.mark.parametrize(
    "password",
    [
        "Test123!",
        "correct horse",
        "\u043f\u0430\u0440\u043e\u043b\u044c\u043a\u0430",
        "x" * 1023 + "y",
    ],
)
def test_a_password_of_eight_characters_is_taken(password: str) -> None:
    assert check_strength(password) == password


@pytest.mark.parametrize(
    "password",
    [
        "",
        "Short1!",
        "password",
        "PassWord1",
        "contrase\u00f1a",
        "babygirl1",
        "aaaaaaaaaa",
        "x" * 1025,
        "\u00e9" * 513,
        "abcdefgh\0",
    ],
)
def test_a_weak_or_endless_password_is_refused(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_strength(password)
    assert refused.value.errors[0].field == "password"


async def test_only_the_right_password_opens() -> None:
    kept = await hash_password("Test123!")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await verify_password("Test123!", kept)
    assert not await verify_password("test123!", kept)
    assert not await verify_password("Test123!", "no hash at all")


async def test_nothing_opens_an_account_that_is_not_there() -> None:
    assert not await verify_password("nobody has this password", None)


async def test_a_hash_of_other_parameters_is_outdated_but_still_opens() -> None:
    kept = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("Test123!")
    assert is_outdated(kept)
    assert await verify_password("Test123!", kept)
    assert not is_outdated(await hash_password("Test123!"))

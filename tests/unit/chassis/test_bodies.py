"""Bodies are decoded strictly, and what is wrong with one is named."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.exceptions import HTTPException
from msgspec import Struct

from taskflow.base.errors import Invalid
from taskflow.chassis.bodies import decode, within


class Inner(Struct, forbid_unknown_fields=True):
    count: int = 0


class Body(Struct, forbid_unknown_fields=True):
    title: str
    inner: Inner | None = None


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (b'{"title":1}', "title"),
        (b'{"title":"a","inner":{"count":"5"}}', "inner.count"),
        (b'{"title":"a","inner":{"count":1.5}}', "inner.count"),
        (b'{"title":"a","inner":{"count":true}}', "inner.count"),
        (b'{"title":"a","inner":{"x":1}}', "inner.x"),
        (b'{"title":"a","x":1}', "x"),
        (b"{}", "title"),
        (b"[]", "body"),
        (b"null", "body"),
        (b'{"title":"a\\u0000"}', "title"),
        (b'{"title":"\\ud800"}', "title"),
        (b'{"title":"a","inner":{"\\udfff":1}}', "inner"),
        (b'{"title":["a","\\ud800"]}', "title[1]"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(text: bytes, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        decode(text, Body)
    assert [error.field for error in caught.value.errors] == [field]


@pytest.mark.parametrize(
    "text",
    [b"{", b'{"x":1}}', b'{"title":1', b'{"title":"\xff"}', b"[" * 9_000, b"", b'{"x":NaN}'],
)
def test_what_is_no_json_is_400_whatever_else_is_wrong_with_it(text: bytes) -> None:
    with pytest.raises(HTTPException) as caught:
        decode(text, Body)
    assert caught.value.status_code == 400


def test_a_surrogate_pair_is_a_character_like_another() -> None:
    assert decode(b'{"title":"\\ud83d\\ude00"}', Body) == Body("\N{GRINNING FACE}")


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_whatever_the_bytes_it_is_a_value_or_an_error_of_ours(text: bytes) -> None:
    for kind in (Body, Any):
        caught: Exception | None = None
        try:
            decode(text, kind)
        except (HTTPException, Invalid) as error:
            caught = error
        assert getattr(caught, "status_code", 400) == 400
        assert getattr(caught, "errors", True)


async def test_a_body_without_an_end_is_408() -> None:
    with pytest.raises(HTTPException) as caught:
        await within(0, asyncio.Event().wait)
    assert caught.value.status_code == 408

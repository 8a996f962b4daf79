"""How the page is served."""

import re

from tests.product import Product


def test_the_page_may_run_nothing_but_itself_and_be_framed_by_nobody(product: Product) -> None:
    answer = product.visitor().get(product.url)
    assert answer.status_code == 200
    policy = dict(
        part.strip().partition(" ")[::2]
        for part in answer.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"]


def test_hashed_files_are_kept_and_the_page_itself_is_asked_for_again(product: Product) -> None:
    visitor = product.visitor()
    page = visitor.get(product.url)
    assert page.headers["cache-control"] == "no-cache"
    assets = re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text)
    assert assets
    for asset in assets:
        answer = visitor.get(product.url + asset)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_what_is_no_file_of_the_page_is_not_served(product: Product) -> None:
    visitor = product.visitor()
    for path in ("/nothing", "/.built-from", "/../__init__.py", "/%2e%2e/__init__.py", "/assets"):
        assert visitor.get(product.url + path).status_code == 404

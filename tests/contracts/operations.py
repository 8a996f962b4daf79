"""Every operation of the running product, as its OpenAPI documents list them."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
from tests.product import Product

PORTS = 5
METHODS = ("get", "post", "put", "patch", "delete")
PROBLEM = "application/problem+json"
# What needs no identity: whoever has none gets one here, and the machine's own figures.
PUBLIC = ("/auth/register", "/auth/login", "/auth/refresh", "/health", "/metrics")
# It has no end, and takes what a browser adds to its address.
STREAM = "/api/v1/notifications/stream"
# Calling these ends what the other tests stand on.
ENDING = (("delete", "/api/v1/auth/me"), ("post", "/api/v1/auth/logout"))


class Operation(NamedTuple):
    """An operation of a service."""

    base: str
    method: str
    path: str
    parameters: tuple[dict[str, Any], ...]
    takes_body: bool

    @property
    def name(self) -> str:
        """What a failure calls it."""
        return f"{self.method.upper()} {self.path}"

    @property
    def is_public(self) -> bool:
        """Whether it asks for no identity."""
        return self.path.removeprefix("/api/v1").startswith(PUBLIC)

    @property
    def is_write(self) -> bool:
        """Whether it may change something."""
        return self.method != "get"

    def of(self, place: str) -> list[dict[str, Any]]:
        """Its parameters in the path, the query or the headers."""
        return [one for one in self.parameters if one["in"] == place]

    def url(self, **ids: str) -> str:
        """Its address; ids that are not given belong to nobody."""
        path = self.path
        for one in self.of("path"):
            is_number = one["schema"].get("type") == "integer"
            anything = "999999" if is_number else str(uuid4())
            path = path.replace(f"{{{one['name']}}}", ids.get(one["name"], anything))
        return self.base + path

    def send(self, client: httpx.Client, url: str = "", **request: Any) -> httpx.Response:
        """Call it."""
        if self.takes_body and not {"json", "content"} & set(request):
            request["json"] = {}
        return client.request(self.method, url or self.url(), **request)


def operations(product: Product) -> Iterator[Operation]:
    """All of them, service by service."""
    for offset in range(PORTS):
        base = f"http://127.0.0.1:{product.port_base + offset}"
        document = httpx.get(f"{base}/openapi.json").json()
        for path, item in document["paths"].items():
            for method in METHODS:
                if method in item:
                    one = item[method]
                    parameters = (*item.get("parameters", ()), *one.get("parameters", ()))
                    yield Operation(base, method, path, parameters, "requestBody" in one)


def wrong(response: httpx.Response, *statuses: int) -> str | None:
    """What is wrong with an answer that must be a problem document of one of these statuses."""
    if response.status_code not in statuses:
        return f"{response.status_code} instead of {statuses}: {response.text[:200]}"
    problem = response.json() if response.headers.get("content-type") == PROBLEM else {}
    lacking = {"type", "title", "status", "detail"} - set(problem)
    if lacking or problem["status"] != response.status_code:
        return f"no problem document, or an incomplete one: {response.text[:200]}"
    is_unknown = response.status_code == httpx.codes.UNAUTHORIZED
    if is_unknown and "www-authenticate" not in response.headers:
        return "no WWW-Authenticate"
    return None


def fields(response: httpx.Response) -> set[str]:
    """The fields that a problem names."""
    return {one["field"] for one in response.json().get("errors", [])}

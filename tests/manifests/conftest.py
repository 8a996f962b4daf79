"""The manifests of each overlay."""

import pytest
from tests.manifests.rendering import OVERLAYS, Manifest, rendered


@pytest.fixture(params=OVERLAYS)
def manifests(request: pytest.FixtureRequest) -> tuple[Manifest, ...]:
    """The rendered manifests of the base and of each overlay."""
    return rendered(request.param)


@pytest.fixture
def production() -> tuple[Manifest, ...]:
    """What production applies."""
    return rendered("overlays/production")


@pytest.fixture
def dev() -> tuple[Manifest, ...]:
    """What a laptop's cluster applies."""
    return rendered("overlays/dev")

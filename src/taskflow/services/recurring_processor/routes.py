"""All doors of this service."""

from taskflow.services.recurring_processor import (
    preview_routes,
    series_edit_routes,
    series_routes,
)

ROUTES = [*preview_routes.ROUTES, *series_routes.ROUTES, *series_edit_routes.ROUTES]

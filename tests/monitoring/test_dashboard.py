"""The dashboards are such as Grafana knows, and such as a person can read."""

import json
import re
from collections import Counter
from itertools import combinations
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from tests.monitoring.judged import DASHBOARDS, dashboard, panels

# Units of Grafana that the dashboards use.
UNITS = {"none", "short", "s", "ms", "bytes", "percentunit", "reqps", "ops"}


def losses(given: Any, known: Any, path: str = "") -> list[str]:
    """What was given and is not known, or is known otherwise."""
    if isinstance(given, dict) and isinstance(known, dict):
        return [
            loss
            for key, value in given.items()
            for loss in losses(value, known.get(key), f"{path}/{key}")
        ]
    if isinstance(given, list) and isinstance(known, list) and len(given) == len(known):
        pairs = enumerate(zip(given, known, strict=True))
        return [loss for n, (one, other) in pairs for loss in losses(one, other, f"{path}/{n}")]
    return [] if given == known else [f"{path}: {given!r} became {known!r}"]


@pytest.mark.parametrize("name", DASHBOARDS)
def test_grafana_knows_every_field_of_it(name: str) -> None:
    """Read into Grafana's own model and written again, nothing is lost."""
    register_default_plugins()
    model = Dashboard.from_json(dashboard(name))
    assert losses(dashboard(name), json.loads(json.dumps(model, cls=JSONEncoder))) == []


def test_a_field_that_grafana_does_not_know_would_be_seen() -> None:
    register_default_plugins()
    odd = dashboard()
    odd["panels"][1]["fieldConfig"]["defaults"]["unitt"] = "s"
    odd["panels"][1]["options"]["colourMode"] = "value"
    known = json.loads(json.dumps(Dashboard.from_json(odd), cls=JSONEncoder))
    assert len(losses(odd, known)) == 2


@pytest.mark.parametrize("name", DASHBOARDS)
def test_panels_have_places_of_their_own(name: str) -> None:
    found = dashboard(name)["panels"]
    assert max(Counter(panel["id"] for panel in found).values()) == 1
    for one, other in combinations([panel["gridPos"] for panel in found], 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below, (one, other)
        assert one["x"] + one["w"] <= 24


def test_a_panel_says_what_it_shows_in_which_unit_and_from_where() -> None:
    for panel in panels():
        assert panel["title"]
        assert panel["description"].endswith((".", "`."))
        assert panel["datasource"]["uid"] == "${datasource}", panel["title"]
        if panel["type"] in {"stat", "timeseries"}:
            assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, panel["title"]


def test_one_can_choose_the_data_source_and_the_instances() -> None:
    variables = {one["name"]: one for one in dashboard()["templating"]["list"]}
    assert list(variables) == ["datasource", "instance"]
    assert variables["instance"]["includeAll"]
    assert variables["instance"]["multi"]


def test_one_can_choose_the_data_source_of_the_reminders_page() -> None:
    listed = dashboard("grafana-reminders.json")["templating"]["list"]
    assert [one["name"] for one in listed] == ["datasource"]


def test_each_dashboard_is_found_by_a_name_of_its_own() -> None:
    assert len({dashboard(name)["uid"] for name in DASHBOARDS}) == len(DASHBOARDS)
    assert len({dashboard(name)["title"] for name in DASHBOARDS}) == len(DASHBOARDS)


def test_no_figure_of_a_process_is_added_up() -> None:
    """In the embedded size the services are one process."""
    expressions = [target["expr"] for panel in panels() for target in panel["targets"]]
    figures = [one for one in expressions if re.search(r"\bprocess_(?!start|status)", one)]
    assert len(figures) > 3
    assert [one for one in figures if not one.startswith("max by (app, instance)")] == []

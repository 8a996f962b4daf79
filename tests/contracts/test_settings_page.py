"""The page of settings is what the program says of itself."""

from pathlib import Path

from taskflow.base.settings import PREFIX, Settings
from taskflow.cli.settings import settings_page

PAGE = Path(__file__).parents[2] / "docs" / "operate" / "settings.md"


def test_the_page_is_current() -> None:
    remedy = "write it anew: taskflow settings --markdown >docs/operate/settings.md"
    assert PAGE.read_text() == settings_page(), remedy


def test_every_setting_has_a_sentence() -> None:
    for name, field in Settings.model_fields.items():
        assert (field.description or "").endswith("."), PREFIX + name.upper()

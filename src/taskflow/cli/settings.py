"""`taskflow settings`: everything that can be set, its unit, its default and its present value."""

from typing import Annotated, Final

import typer
from pydantic_core import PydanticUndefined

from taskflow.base.settings import PREFIX, SECRETS, Settings
from taskflow.cli.command import DataDir, say, settings_of, show_rows, warn_of_unknown_settings

Markdown = Annotated[bool, typer.Option("--markdown", help="Print docs/operate/settings.md.")]
PAGE: Final = """# Settings

Settings are environment variables. `taskflow settings` shows them with the values in force; this
page is what `taskflow settings --markdown` prints. Where `(_FILE)` stands behind a name, a file
that `<name>_FILE` names may hold the value, so that a secret stands in no environment.

| name | default | what it is |
| --- | --- | --- |
"""


def command(data_dir: DataDir = None, *, markdown: Markdown = False) -> None:
    """Show every setting with the value in force, its default and what it means.

    Examples:
        taskflow settings

        taskflow settings | grep -i rate
    """
    if markdown:
        say(settings_page().rstrip("\n"))
        return
    present = settings_of(data_dir)
    warn_of_unknown_settings()
    rows = [
        (PREFIX + name.upper(), str(getattr(present, name)), description)
        for name, _, description in _described()
    ]
    show_rows(("setting", "value", "meaning"), rows)


def settings_page() -> str:
    """The documentation's page of settings."""
    lines = [
        f"| `{PREFIX}{name.upper()}`{' (_FILE)' if name in SECRETS else ''} "
        f"| {default} | {description} |"
        for name, default, description in _described()
    ]
    return PAGE + "\n".join(lines) + "\n"


def _described() -> list[tuple[str, str, str]]:
    """Name, default and description of each setting."""
    return [
        (name, _default(name, field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    ]


def _default(name: str, default: object) -> str:
    if name == "data_dir":
        return "`/var/lib/taskflow` for root, else `~/.local/share/taskflow`"
    if default is None or default is PydanticUndefined:
        return ""
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"

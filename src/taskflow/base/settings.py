"""Settings: read once from the environment, validated, handed down.

Every name is prefixed `TASKFLOW_`; a secret may also come from the file that `<NAME>_FILE` names.
"""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from taskflow.base.errors import FieldError, Invalid
from taskflow.base.networks import parse_networks

PREFIX = "TASKFLOW_"
DATABASE_SCHEMES = ("postgresql://", "postgres://")
INTERNAL_OFFSET = 100
UNSPECIFIED = ("0.0.0.0", "::")  # noqa: S104 - an address to recognise, not to listen on
# What may come from a file: secrets, and keys that are too long for a variable.
SECRETS = (
    "database_url",
    "redis_url",
    "verifying_key",
    "dapr_api_token",
    "app_api_token",
    "smtp_password",
    "web_push_key",
)
# Set by Dapr itself where it injects its sidecar.
DAPR_NAMES = {"dapr_api_token": "DAPR_API_TOKEN", "app_api_token": "APP_API_TOKEN"}


class Settings(BaseSettings):
    """Everything that can be set, with a default that works on a laptop."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    data_dir: Path = Field(
        default_factory=lambda: default_data_dir(),  # noqa: PLW0108 - defined further down
        description="Where everything is kept.",
    )
    host: str = Field("127.0.0.1", description="The address that the services listen on.")
    port_base: int = Field(8000, ge=1, le=65531, description="The first of five consecutive ports.")
    database_url: SecretStr | None = Field(
        None, description="A PostgreSQL to use instead of the embedded one (postgresql://…)."
    )
    database_connections: int = Field(
        8, ge=2, le=100, description="How many connections each service may open."
    )
    bus: Literal["memory", "dapr"] = Field("memory", description="How events travel.")
    dapr_http_port: int = Field(
        3500, ge=1, le=65535, description="Where the sidecar listens, on this machine."
    )
    dapr_api_token: SecretStr | None = Field(
        None, description="What the sidecar asks of us (DAPR_API_TOKEN is taken too)."
    )
    app_api_token: SecretStr | None = Field(
        None, description="What the sidecar shows to us (APP_API_TOKEN is taken too)."
    )
    redis_url: SecretStr | None = Field(
        None,
        description="The Redis that replicas share (redis://…, rediss://…?ssl_ca_certs=FILE).",
    )
    verifying_key: str | None = Field(
        None, description="The public key (PEM) of the Task API, where its folder is not shared."
    )
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^/\s]+(/[^\s]*)?$",
        description="Where people reach the page (https://…); links in messages lead there.",
    )
    outbound_allowed_networks: str | None = Field(
        None,
        description="Networks (CIDR, by commas) that people's channels may call though not public.",
    )
    smtp_host: str | None = Field(
        None, description="The mail server that reminders are sent through; no e-mail without."
    )
    smtp_port: int | None = Field(
        None, ge=1, le=65535, description="Its port; 587, 465 or 25 by the encryption."
    )
    smtp_tls: Literal["starttls", "tls", "off"] = Field(
        "starttls", description="How mail is encrypted on its way to the mail server."
    )
    smtp_user: str | None = Field(None, description="Who we are to the mail server.")
    smtp_password: SecretStr | None = Field(None, description="What proves it.")
    smtp_sender: str | None = Field(
        None,
        pattern=r"^[^@\s<>]+@[^@\s<>]+$",
        description="The address that mail comes from; needed for e-mail.",
    )
    web_push_key: SecretStr | None = Field(
        None, description="The key (PEM) of Web Push, where replicas share no folder."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least important log lines that are written."
    )
    log_format: Literal["console", "json"] = Field("console", description="How logs look.")
    otlp_endpoint: str | None = Field(
        None,
        pattern=r"^https?://[^/\s]",
        description="An OpenTelemetry collector to send traces to (http://…:4318); off without.",
    )
    trace_ratio: float = Field(
        1.0, ge=0, le=1, description="The part of traces that are kept, of those that begin here."
    )
    rate_limit_per_second: float = Field(
        100, gt=0, description="Requests a second that a user may make in the long run."
    )
    rate_limit_burst: int = Field(1000, ge=1, description="Requests a user may make at once.")
    auth_attempts_per_minute: int = Field(
        30, ge=1, description="Registrations and guesses of a password a minute from one address."
    )
    trusted_proxies: int = Field(
        0, ge=0, le=8, description="Reverse proxies in front, whose X-Forwarded-For is believed."
    )
    stream_heartbeat_seconds: float = Field(
        30, gt=0, description="Seconds between the heartbeats of a stream."
    )
    stream_stale_seconds: float = Field(
        90, gt=0, description="Seconds after which a stream that takes nothing is closed."
    )
    stream_per_second: int = Field(
        10, ge=1, description="Live notifications a second that go to one stream."
    )
    streams_per_user: int = Field(
        3, ge=1, description="Streams that a user may hold open at each replica."
    )
    notification_retention_days: int = Field(
        90, ge=1, description="Days that a notification is kept."
    )
    reminder_digest_above: int = Field(
        5, ge=1, description="Missed reminders of a person beyond which they are told of as one."
    )
    reminder_history_days: int = Field(
        365,
        ge=30,
        description="Days that the reminders of a closed task and their timelines are kept.",
    )
    trash_days: int = Field(30, ge=1, description="Days that a deleted task can be restored.")
    access_token_seconds: int = Field(
        900, ge=1, le=86_400, description="How long an access token is valid."
    )
    session_days: int = Field(30, ge=1, description="How long a session lasts without being used.")

    @field_validator("database_url")
    @classmethod
    def _is_address(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(DATABASE_SCHEMES):
            example = "postgresql://user:password@host:5432/database"
            raise PydanticCustomError("address", f"must be an address such as {example}")
        return url

    @field_validator("outbound_allowed_networks")
    @classmethod
    def _are_networks(cls, text: str | None) -> str | None:
        try:
            parse_networks(text)
        except ValueError as error:
            raise PydanticCustomError("networks", "must be networks such as 10.0.0.0/8") from error
        return text

    @classmethod
    def load(cls, overrides: Mapping[str, Any] | None = None) -> Self:
        """Read the environment and secret files; `overrides` are flags and win.

        Raises:
            Invalid: a setting is wrong; the message names its variable, never a secret's value.
        """
        given = {name: value for name, value in (overrides or {}).items() if value is not None}
        try:
            return cls(**(_secrets_from_files() | given))
        except ValidationError as error:
            errors = [
                FieldError(PREFIX + str(issue["loc"][0]).upper(), issue["msg"])
                for issue in error.errors()
            ]
            detail = "; ".join(f"{name}: {message}" for name, message, _ in errors)
            raise Invalid(detail, *errors) from None

    @property
    def page_url(self) -> str:
        """Where people reach the page, as far as we know; without a slash at its end."""
        if self.public_url is not None:
            return self.public_url.rstrip("/")
        host = "localhost" if self.host in UNSPECIFIED else self.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port_base}"

    def port(self, offset: int) -> int:
        """The port of the service at this offset."""
        return self.port_base + offset

    def internal_port(self, offset: int) -> int:
        """The loopback port at which a service takes what its sidecar delivers."""
        return self.port_base + INTERNAL_OFFSET + offset


def unknown_variables() -> dict[str, str | None]:
    """Variables that look like settings and are none, each with the name that it may mean."""
    known = [name.upper() for name in Settings.model_fields]
    known += [f"{name.upper()}_FILE" for name in SECRETS]
    given = sorted(name[len(PREFIX) :] for name in os.environ if name.startswith(PREFIX))
    return {PREFIX + name: _nearest(name, known) for name in given if name not in known}


def _nearest(name: str, known: list[str]) -> str | None:
    """The known name that begins alike, or else looks alike."""
    longer = [one for one in known if name and one.startswith(name)]
    found = longer[:1] or get_close_matches(name, known, 1)
    return PREFIX + found[0] if found else None


def default_data_dir() -> Path:
    """Root's data is the machine's (`/var/lib/taskflow`), a user's is in the home folder (XDG)."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/taskflow")
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "taskflow"


def child_environment(additions: Mapping[str, str]) -> dict[str, str]:
    """The environment of a program that we start: ours, and what it alone is to know."""
    return {**os.environ, **additions}


def trusting_environment() -> dict[str, str]:
    """What the environment says of certificates to trust, for a program that is to know no more."""
    names = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
    return {name: os.environ[name] for name in names if name in os.environ}


def _secrets_from_files() -> dict[str, str]:
    """The content of every `<NAME>_FILE`, where the variable itself is not set."""
    found = {}
    for name in SECRETS:
        variable = PREFIX + name.upper()
        path = os.environ.get(f"{variable}_FILE")
        if path and variable not in os.environ:
            try:
                found[name] = Path(path).read_text().strip()
            except OSError as error:
                reason = f"{error.strerror}: {path}"
                raise Invalid.field(f"{variable}_FILE", reason) from error
    for name, variable in DAPR_NAMES.items():
        if name not in found and PREFIX + name.upper() not in os.environ:
            found[name] = os.environ.get(variable, "").strip()
    return {name: text for name, text in found.items() if text}

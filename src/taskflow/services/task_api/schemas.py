"""The bodies and answers of the Task API."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from taskflow.accounts.model import Level, NotificationPreferences, PreferencesPatch, User
from taskflow.chassis.problems import Problem
from taskflow.events.payloads import Due, Priority, Reminder, Status, TaskState
from taskflow.tasks import drafts
from taskflow.tasks.recurrence_dates import MAX_DATES

# The limits are described here and held in `drafts`, for every way by which a task is written.
Title = Annotated[
    str,
    Meta(
        extra_json_schema={
            "minLength": 1,
            "maxLength": drafts.MAX_TITLE,
            "pattern": r"^[^\x00]*[^\s\x00][^\x00]*$",
        }
    ),
]
Description = Annotated[
    str, Meta(extra_json_schema={"maxLength": drafts.MAX_DESCRIPTION, "pattern": r"^[^\x00]*$"})
]
Tags = Annotated[
    list[Annotated[str, Meta(extra_json_schema={"minLength": 1, "maxLength": drafts.MAX_TAG})]],
    Meta(extra_json_schema={"maxItems": drafts.MAX_TAGS}),
]
Reminders = Annotated[list[Reminder], Meta(extra_json_schema={"maxItems": drafts.MAX_REMINDERS})]
Zone = Annotated[
    str, Meta(description="A name of the IANA time zone database.", examples=["Europe/Berlin"])
]


TaskZone = Annotated[
    str,
    Meta(
        description="A name of the IANA time zone database; `floating` for wherever the owner is.",
        examples=["Europe/Berlin", "floating"],
    ),
]
Dates = Annotated[list[str], Meta(extra_json_schema={"maxItems": MAX_DATES})]


class RecurrenceBody(Struct, forbid_unknown_fields=True):
    """How a task repeats: an RRULE, a short form, lines of iCalendar, or a phrase.

    A short form is `weekly:MON,WED`; a phrase is English: `every last friday at 5pm until march`.
    Where the task has no due date, a phrase's first occurrence becomes one.

    Attributes:
        exdates: What is left out: local dates and times, dates for whole days, or instants.
        rdates: What is added, in the same forms.
    """

    rule: str | UnsetType = UNSET
    text: str | UnsetType = UNSET
    mode: Literal["schedule", "completion"] | UnsetType = UNSET
    until: str | UnsetType | None = UNSET
    count: int | UnsetType | None = UNSET
    month_end: Literal["clamp", "skip"] | UnsetType = UNSET
    exdates: Dates | UnsetType | None = UNSET
    rdates: Dates | UnsetType | None = UNSET


class TaskChanges(Struct, forbid_unknown_fields=True):
    """What a person may change of a task: what is left out stays, null takes the default."""

    title: Title | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    priority: Priority | UnsetType | None = UNSET
    tags: Tags | UnsetType | None = UNSET
    due_date: Due | UnsetType | None = UNSET
    all_day: bool | UnsetType | None = UNSET
    timezone: TaskZone | UnsetType = UNSET
    floating: bool | UnsetType | None = UNSET
    recurrence: RecurrenceBody | UnsetType | None = UNSET
    reminders: Reminders | UnsetType | None = UNSET


class TaskPatch(TaskChanges):
    """A JSON merge patch (RFC 7396) of a task: what is left out stays, null takes the default."""

    status: Status | UnsetType = UNSET


class TaskBody(TaskChanges, kw_only=True):
    """A whole task; only the title is needed, and what is left out takes its default."""

    title: Title


class BulkUpdate(TaskChanges, kw_only=True):
    """A change of one task among many; `if_match` is the version that it is made to."""

    id: UUID
    if_match: int | UnsetType | None = UNSET


class CompletionBody(Struct, forbid_unknown_fields=True):
    """When the task was done; now, where it is left out."""

    completed_at: datetime | None = None


# An entry is read when its turn comes, so that one that is wrong does not spoil the others.
_CREATED: Final = {"$ref": "#/components/schemas/TaskBody"}
_UPDATED: Final = {"$ref": "#/components/schemas/BulkUpdate"}


class BulkBody(Struct, forbid_unknown_fields=True):
    """Many writes at once: task bodies, patches with their `id`, and ids."""

    create: list[Annotated[dict[str, Any], Meta(extra_json_schema=_CREATED)]] = []
    update: list[Annotated[dict[str, Any], Meta(extra_json_schema=_UPDATED)]] = []
    complete: list[str] = []
    delete: list[str] = []
    atomic: bool = False


class BulkResult(Struct, omit_defaults=True):
    """What came of one entry."""

    op: Literal["create", "update", "complete", "delete"]
    index: int
    status: int
    task: TaskState | None = None
    problem: Problem | None = None


class BulkAnswer(Struct):
    """What came of each entry, in the order of creates, updates, completions and deletions."""

    results: list[BulkResult]


class TaskPage(Struct):
    """Some tasks, and the cursor of the next ones."""

    items: list[TaskState]
    next_cursor: str | None


class RegisterBody(Struct, forbid_unknown_fields=True):
    """A new account."""

    email: str
    password: str
    name: str
    timezone: Zone = "UTC"


class LoginBody(Struct, forbid_unknown_fields=True):
    """Who logs in."""

    email: str
    password: str


class RefreshBody(Struct, forbid_unknown_fields=True):
    """The refresh token; the page leaves it out and sends its cookie."""

    refresh_token: str | None = None


class Tokens(Struct):
    """An access token, and the refresh token that gets the next one; good for one use."""

    access_token: str
    token_type: Literal["bearer"]
    expires_in: int
    refresh_token: str


class Account(Struct):
    """An account as its owner sees it."""

    id: UUID
    email: str
    name: str
    timezone: Zone
    role: Literal["user", "admin"]
    notification_preferences: NotificationPreferences
    created_at: datetime

    @classmethod
    def of(cls, user: User) -> "Account":
        """The account of a user."""
        return cls(**{name: getattr(user, name) for name in cls.__struct_fields__})


class AccountPatch(Struct, forbid_unknown_fields=True):
    """A JSON merge patch (RFC 7396) of an account; a new password needs the present one.

    Preferences given as a word are their level.
    """

    name: str | UnsetType = UNSET
    timezone: Zone | UnsetType | None = UNSET
    notification_preferences: PreferencesPatch | Level | UnsetType | None = UNSET
    password: str | UnsetType = UNSET
    current_password: str | UnsetType = UNSET

    @property
    def preferences(self) -> PreferencesPatch | None:
        """What to change of the preferences; null takes every default."""
        given = self.notification_preferences
        if given is UNSET:
            return None
        if given is None:
            return PreferencesPatch(level=None, quiet_hours=None)
        return PreferencesPatch(level=given) if isinstance(given, str) else given


class TokenBody(Struct, forbid_unknown_fields=True):
    """A personal access token to make."""

    name: str
    scopes: tuple[Literal["read", "write", "admin"], ...] = ("read", "write")
    expires_at: datetime | None = None


class TokenState(Struct, omit_defaults=True):
    """A personal access token; `token` is there when it is made, and never again."""

    id: UUID
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    token: str | None = None


class TokenList(Struct):
    """All tokens of an account."""

    items: list[TokenState]


def given(body: Struct) -> dict[str, object]:
    """What a body gives, by name, without what it leaves out."""
    values = {name: value for name, value in asdict(body).items() if value is not UNSET}
    recurrence = values.get("recurrence")
    if isinstance(recurrence, Struct):
        values["recurrence"] = given(recurrence)
    return values

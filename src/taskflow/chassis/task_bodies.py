"""What a person may write of a task, wherever a body carries it."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, convert
from msgspec.structs import asdict

from taskflow.events.payloads import Due, Moment, Priority, Reminder
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


class NagBody(Struct, forbid_unknown_fields=True):
    """To remind again until the task is done or the reminder is acknowledged.

    Attributes:
        every: An ISO 8601 duration, a minute to a day.
        times: How often again, at most.
    """

    every: str
    times: int


class ReminderBody(Struct, forbid_unknown_fields=True):
    """When to remind: an ISO 8601 duration before the due date, or an instant; one of the two.

    Attributes:
        nag: Whether to go on until somebody reacts.
    """

    offset: str | None = None
    at: Moment | None = None
    nag: NagBody | None = None


Reminders = Annotated[
    list[ReminderBody], Meta(extra_json_schema={"maxItems": drafts.MAX_REMINDERS})
]


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
    policy: Literal["one_open", "pile_up"] | UnsetType = UNSET
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


def given(body: Struct) -> dict[str, object]:
    """What a body gives, by name, without what it leaves out."""
    values = {name: value for name, value in asdict(body).items() if value is not UNSET}
    recurrence = values.get("recurrence")
    if isinstance(recurrence, Struct):
        values["recurrence"] = given(recurrence)
    if values.get("reminders"):
        values["reminders"] = convert(values["reminders"], list[Reminder], from_attributes=True)
    return values

"""Lines, each with the reminders that are understood of it, as in `quick_add_table`."""

from datetime import UTC, datetime

from taskflow.events.payloads import Reminder

REMINDERS = [
    ("tea tomorrow at 9:00 remind 1h", [Reminder(offset="PT1H")]),
    ("tea tomorrow at 9:00 remind me 1 hour before", [Reminder(offset="PT1H")]),
    ("tea tomorrow at 9:00 remind me an hour before", [Reminder(offset="PT1H")]),
    ("tea tomorrow at 9:00 remind 1h 1d before", [Reminder(offset="PT1H"), Reminder(offset="P1D")]),
    ("tea tomorrow at 9:00 remind 30m and 2w", [Reminder(offset="PT30M"), Reminder(offset="P2W")]),
    (
        "tea tomorrow at 9:00 remind 1h remind 1d",
        [Reminder(offset="PT1H"), Reminder(offset="P1D")],
    ),
    (
        "tea tomorrow at 9:00 remind at 8am",
        [Reminder(at=datetime(2026, 3, 3, 7, tzinfo=UTC))],
    ),
    (
        "tea tomorrow remind today at 8pm",
        [Reminder(at=datetime(2026, 3, 2, 19, tzinfo=UTC))],
    ),
    ("tea remind at 8pm", [Reminder(at=datetime(2026, 3, 2, 19, tzinfo=UTC))]),
    ("tea remind me in 20m", [Reminder(at=datetime(2026, 3, 2, 9, 27, tzinfo=UTC))]),
    ("tea every day at 9:00 remind at 8:15", [Reminder(offset="PT45M")]),
    # What cannot be kept is not promised.
    ("tea remind 1h", []),
    ("tea every day remind at 8am", []),
    ("tea every day at 9:00 remind at 10am", []),
    ("tea today remind at 8am", []),
    ("tea tomorrow remind 900d", []),
    ("tea tomorrow remind friday", []),
]

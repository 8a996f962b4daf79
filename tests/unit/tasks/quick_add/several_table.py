"""Lines of several days or times, or with the name of a day within the title; written as the others
are, on Monday, 2 March 2026, at 10:07 in Berlin.
"""

# A line, its title, its due date, and its rule.
LINES: list[tuple[str, str, str | None, str | None]] = [
    ("sit in the sun friday", "sit in the sun", "2026-03-06", None),
    ("prepare on friday monday report", "prepare monday report", "2026-03-06", None),
    ("read chapters 3 and 4, 5 march", "read chapters 3 and 4", "2026-03-05", None),
    ("Monday report every friday", "Monday report", "2026-03-06", "FREQ=WEEKLY;BYDAY=FR"),
    ("monday pills every monday", "pills", "2026-03-02", "FREQ=WEEKLY;BYDAY=MO"),
    ("mon wed fri gym", "mon wed fri gym", None, None),
]
# What is meant and makes no sense, and the first character of that.
REFUSED = [
    ("monday: report every friday", "monday", "not one of the days"),
    ("gym tuesday with bob every week", "tuesday", "may be when"),
    ("gym tuesday at the club every week", "tuesday", "may be when"),
    ("gym friday, swim every week", "friday", "may be when"),
    ("pay 3 march my bill every year", "3 march", "may be when"),
    # Of several days or times none is taken alone.
    ("pay bills on the 1st and 15th", "1st", "one of several"),
    ("pay bills on the 1st and the 15th", "1st", "one of several"),
    ("gym mon wed fri 7am", "wed", "one of several"),
    ("tennis mon wed fri every week", "wed", "one of several"),
    ("take pill 8am, 8pm", "8am", "“every day at”"),
    ("take pill 8am and 8pm", "8am", "“every day at”"),
    ("8am, 8pm take pill", "8pm", "one of several"),
    ("monday and tuesday call mum", "tuesday", "one of several"),
    ("on monday and wednesday gym", "wednesday", "one of several"),
    ("pay 3 march and 5 june", "march", "one of several"),
    ("pay march 3 and june 5", "3", "one of several"),
]
# A line whose title has a day's name before another word, that day, and its rule; it says of no day
# on which it recurs, so that it begins today.
NAMED = [
    ("prepare Sunday dinner every week", "Sunday", "FREQ=WEEKLY"),
    ("check Monday morning mail every week", "Monday", "FREQ=WEEKLY"),
    ("watch Saturday Night Live every week", "Saturday", "FREQ=WEEKLY"),
    ("watch friday show every week", "friday", "FREQ=WEEKLY"),
    ("submit Monday report weekly", "Monday", "FREQ=WEEKLY"),
    ("every week prepare Sunday dinner", "Sunday", "FREQ=WEEKLY"),
    ("Read Friday magazine every 2 weeks", "Friday", "FREQ=WEEKLY;INTERVAL=2"),
    ("buy Sunday newspaper every week", "Sunday", "FREQ=WEEKLY"),
    ("backup May 3 photos every year", "May 3", "FREQ=YEARLY"),
    ("read 3 march book every year", "3 march", "FREQ=YEARLY"),
]

"""The examples of RFC 5545 section 3.8.5.3, with the dates that the RFC gives for them.

All are at nine in the morning in New York. An example that goes on for ever has the dates up to
where the RFC leaves off.
"""

from datetime import date, datetime
from typing import Final, NamedTuple

_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)
_JANUARIES: Final = " ".join(f"{year} Jan 1-31" for year in (1998, 1999, 2000))
_THURSDAYS: Final = (
    "1997 Jun 5,12,19,26 Jul 3,10,17,24,31 Aug 7,14,21,28 "
    "1998 Jun 4,11,18,25 Jul 2,9,16,23,30 Aug 6,13,20,27 "
    "1999 Jun 3,10,17,24 Jul 1,8,15,22,29 Aug 5,12,19,26"
)
_TEN_TUESDAYS_AND_THURSDAYS: Final = "1997 Sep 2,4,9,11,16,18,23,25,30 Oct 2"


class Example(NamedTuple):
    """One example: the day of its DTSTART, its lines, and the days it gives."""

    start: str
    lines: str
    days: str

    @property
    def begin(self) -> datetime:
        """DTSTART, as a wall time."""
        return datetime.fromisoformat(f"{self.start}T090000")

    @property
    def expected(self) -> list[date]:
        """The days, read."""
        found: list[date] = []
        year = month = 0
        for word in self.days.split():
            if word in _MONTHS:
                month = _MONTHS.index(word) + 1
            elif word.isdigit() and len(word) == 4:
                year = int(word)
            else:
                found += [date(year, month, day) for part in word.split(",") for day in _span(part)]
        return found


def _span(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


EXAMPLES: Final = [
    Example("19970902", "RRULE:FREQ=DAILY;COUNT=10", "1997 Sep 2-11"),
    Example(
        "19970902",
        "RRULE:FREQ=DAILY;UNTIL=19971224T000000Z",
        "1997 Sep 2-30 Oct 1-31 Nov 1-30 Dec 1-23",
    ),
    Example(
        "19970902",
        "RRULE:FREQ=DAILY;INTERVAL=2",
        "1997 Sep 2,4,6,8,10,12,14,16,18,20,22,24,26,28,30 "
        "Oct 2,4,6,8,10,12,14,16,18,20,22,24,26,28,30 Nov 1,3,5,7",
    ),
    Example("19970902", "RRULE:FREQ=DAILY;INTERVAL=10;COUNT=5", "1997 Sep 2,12,22 Oct 2,12"),
    Example(
        "19980101",
        "RRULE:FREQ=YEARLY;UNTIL=20000131T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
        _JANUARIES,
    ),
    Example("19980101", "RRULE:FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1", _JANUARIES),
    Example(
        "19970902",
        "RRULE:FREQ=WEEKLY;COUNT=10",
        "1997 Sep 2,9,16,23,30 Oct 7,14,21,28 Nov 4",
    ),
    Example(
        "19970902",
        "RRULE:FREQ=WEEKLY;UNTIL=19971224T000000Z",
        "1997 Sep 2,9,16,23,30 Oct 7,14,21,28 Nov 4,11,18,25 Dec 2,9,16,23",
    ),
    Example(
        "19970902",
        "RRULE:FREQ=WEEKLY;INTERVAL=2;WKST=SU",
        "1997 Sep 2,16,30 Oct 14,28 Nov 11,25 Dec 9,23 1998 Jan 6,20 Feb 3,17",
    ),
    Example(
        "19970902",
        "RRULE:FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH",
        _TEN_TUESDAYS_AND_THURSDAYS,
    ),
    Example(
        "19970902",
        "RRULE:FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH",
        _TEN_TUESDAYS_AND_THURSDAYS,
    ),
    Example(
        "19970901",
        "RRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",
        "1997 Sep 1,3,5,15,17,19,29 Oct 1,3,13,15,17,27,29,31 Nov 10,12,14,24,26,28 Dec 8,10,12,22",
    ),
    Example(
        "19970902",
        "RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
        "1997 Sep 2,4,16,18,30 Oct 2,14,16",
    ),
    Example(
        "19970905",
        "RRULE:FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
        "1997 Sep 5 Oct 3 Nov 7 Dec 5 1998 Jan 2 Feb 6 Mar 6 Apr 3 May 1 Jun 5",
    ),
    Example(
        "19970905",
        "RRULE:FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR",
        "1997 Sep 5 Oct 3 Nov 7 Dec 5",
    ),
    Example(
        "19970907",
        "RRULE:FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
        "1997 Sep 7,28 Nov 2,30 1998 Jan 4,25 Mar 1,29 May 3,31",
    ),
    Example(
        "19970922",
        "RRULE:FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
        "1997 Sep 22 Oct 20 Nov 17 Dec 22 1998 Jan 19 Feb 16",
    ),
    Example(
        "19970928",
        "RRULE:FREQ=MONTHLY;BYMONTHDAY=-3",
        "1997 Sep 28 Oct 29 Nov 28 Dec 29 1998 Jan 29 Feb 26",
    ),
    Example(
        "19970902",
        "RRULE:FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
        "1997 Sep 2,15 Oct 2,15 Nov 2,15 Dec 2,15 1998 Jan 2,15",
    ),
    Example(
        "19970930",
        "RRULE:FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
        "1997 Sep 30 Oct 1,31 Nov 1,30 Dec 1,31 1998 Jan 1,31 Feb 1",
    ),
    Example(
        "19970910",
        "RRULE:FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
        "1997 Sep 10-15 1999 Mar 10-13",
    ),
    Example(
        "19970902",
        "RRULE:FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
        "1997 Sep 2,9,16,23,30 Nov 4,11,18,25 1998 Jan 6,13,20,27 Mar 3,10,17,24,31",
    ),
    Example(
        "19970610",
        "RRULE:FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
        "1997 Jun 10 Jul 10 1998 Jun 10 Jul 10 1999 Jun 10 Jul 10 2000 Jun 10 Jul 10 "
        "2001 Jun 10 Jul 10",
    ),
    Example(
        "19970310",
        "RRULE:FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
        "1997 Mar 10 1999 Jan 10 Feb 10 Mar 10 2001 Jan 10 Feb 10 Mar 10 2003 Jan 10 Feb 10 Mar 10",
    ),
    Example(
        "19970101",
        "RRULE:FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
        "1997 Jan 1 Apr 10 Jul 19 2000 Jan 1 Apr 9 Jul 18 2003 Jan 1 Apr 10 Jul 19 2006 Jan 1",
    ),
    Example("19970519", "RRULE:FREQ=YEARLY;BYDAY=20MO", "1997 May 19 1998 May 18 1999 May 17"),
    Example(
        "19970512", "RRULE:FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "1997 May 12 1998 May 11 1999 May 17"
    ),
    Example(
        "19970313",
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
        "1997 Mar 13,20,27 1998 Mar 5,12,19,26 1999 Mar 4,11,18,25",
    ),
    Example("19970605", "RRULE:FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8", _THURSDAYS),
    Example(
        "19970902",
        "EXDATE;TZID=America/New_York:19970902T090000\nRRULE:FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
        "1998 Feb 13 Mar 13 Nov 13 1999 Aug 13 2000 Oct 13",
    ),
    Example(
        "19970913",
        "RRULE:FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
        "1997 Sep 13 Oct 11 Nov 8 Dec 13 1998 Jan 10 Feb 7 Mar 7 Apr 11 May 9 Jun 13",
    ),
    Example(
        "19961105",
        "RRULE:FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
        "1996 Nov 5 2000 Nov 7 2004 Nov 2",
    ),
    Example(
        "19970904",
        "RRULE:FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3",
        "1997 Sep 4 Oct 7 Nov 6",
    ),
    Example(
        "19970929",
        "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
        "1997 Sep 29 Oct 30 Nov 27 Dec 30 1998 Jan 29 Feb 26 Mar 30",
    ),
    Example(
        "19970805",
        "RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
        "1997 Aug 5,10,19,24",
    ),
    Example(
        "19970805",
        "RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
        "1997 Aug 5,17,19,31",
    ),
    Example(
        "20070115",
        "RRULE:FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
        "2007 Jan 15,30 Feb 15 Mar 15,30",
    ),
]

# Every three hours from nine to five; the RFC's own UNTIL (17:00 in UTC) ends it at one o'clock,
# and its erratum says so.
EVERY_THREE_HOURS: Final = "RRULE:FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z"
EVERY_THREE_HOURS_BY_THE_LETTER: Final = "RRULE:FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000Z"
# These occur more often than hourly.
TOO_OFTEN: Final = [
    "RRULE:FREQ=MINUTELY;INTERVAL=15;COUNT=6",
    "RRULE:FREQ=MINUTELY;INTERVAL=90;COUNT=4",
    "RRULE:FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40",
    "RRULE:FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16",
]

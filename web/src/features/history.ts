/** How a series was kept, in words. Pure. */
import type {
  Calendar,
  CalendarEntry,
  HistoryItem,
  Occurrence,
  SeriesWhole,
  Statistics,
} from "../api/types";
import { momentText, occurrenceText } from "../ui/dates";

/** What comes next, but for what has its task already: done early, or open ahead of its time. */
export function toCome({ series, instances }: SeriesWhole): Occurrence[] {
  const taken = new Set(instances.map(({ planned_date }) => momentOf(planned_date ?? "")));
  return series.next.filter(({ at }) => !taken.has(momentOf(at)));
}

/** What is the same for each way to write a moment. */
function momentOf(at: string): number | string {
  return at.length === "2026-01-24".length ? at : Date.parse(at);
}

/** Such as `8 of 10 done (80 %), 5 in a row, 7 at best.`; what has not begun says so. */
export function statisticsText({
  done,
  missed,
  is_missed_at_least,
  completion_rate,
  current_streak,
  longest_streak,
}: Statistics): string {
  if (completion_rate === null) return "Nothing of it has been done or missed yet.";
  const percent = Math.round(completion_rate * 100);
  const least = is_missed_at_least ? "at least " : "";
  const all = `${done} of ${least}${done + missed} done (${percent} %)`;
  return `${all}; ${current_streak} in a row now, ${longest_streak} at best.`;
}

const STATUSES: Readonly<Record<HistoryItem["status"], string>> = {
  open: "open",
  done: "done",
  skipped: "skipped",
  deleted: "deleted",
  missed: "missed",
};

/** Such as `done late, Fri, 27 Mar, 17:05`. */
export function outcomeText(item: HistoryItem, now: Date, locale?: string): string {
  if (item.status === "missed") return missedText(item);
  if (item.completed_at === null) return STATUSES[item.status];
  const late = item.timing === "late" ? " late" : "";
  return `${STATUSES[item.status]}${late}, ${momentText(item.completed_at, now, locale)}`;
}

function missedText({ count, is_at_least }: HistoryItem): string {
  if (is_at_least && count === 0) return "some may have been missed";
  return `${is_at_least ? "at least " : ""}${count} missed`;
}

/** When an item of the history was due. */
export function dueOf(item: HistoryItem, now: Date, locale?: string): string {
  const at = item.due_date ?? item.planned_date ?? item.occurrence_date;
  return at === null ? "" : occurrenceText(at, now, locale);
}

/** What stands on a day, for who sees it and who hears it. */
export function entriesText(entries: readonly CalendarEntry[]): string {
  return entries.map(({ status, reason }) => (reason ? `${status}: ${reason}` : status)).join(", ");
}

/** The days of a month that are not plain, with the reasons. */
export function reasonsOf({ days }: Calendar): { date: string; text: string }[] {
  return days.flatMap(({ date, entries }) => {
    const reasons = entries.flatMap(({ reason }) => (reason ? [reason] : []));
    return reasons.length > 0 ? [{ date, text: [...new Set(reasons)].join("; ") }] : [];
  });
}

/** The month so many after another, both such as `2026-03`. */
export function monthAfter(month: string, months: number): string {
  const [year = 0, number = 1] = month.split("-").map(Number);
  const moved = year * 12 + number - 1 + months;
  return `${Math.floor(moved / 12)}-${String((moved % 12) + 1).padStart(2, "0")}`;
}

/** Empty places before the first day, in weeks that begin on Monday. */
export function blanksBefore(date: string): number {
  return (new Date(`${date}T00:00`).getDay() + 6) % 7;
}

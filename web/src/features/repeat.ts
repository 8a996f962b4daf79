/** How a repetition is chosen (the short forms of the API) and told (from the stored RRULE). */
import type { Recurrence, RecurrenceDraft } from "../api/types";

export type Repeat = "never" | "daily" | "weekly" | "monthly" | "yearly" | "custom";

export interface RepeatChoice {
  repeat: Repeat;
  /** Of `weekly`; none means the weekday of the start. */
  weekdays: readonly string[];
  /** Of `custom`. */
  everyDays: number;
}

export const REPEATS: readonly (readonly [Repeat, string])[] = [
  ["never", "Never"],
  ["daily", "Every day"],
  ["weekly", "Every week"],
  ["monthly", "Every month"],
  ["yearly", "Every year"],
  ["custom", "Every few days"],
];

/** Short form, RRULE form, and what people read. */
export const WEEKDAYS = [
  ["MON", "MO", "Mon"],
  ["TUE", "TU", "Tue"],
  ["WED", "WE", "Wed"],
  ["THU", "TH", "Thu"],
  ["FRI", "FR", "Fri"],
  ["SAT", "SA", "Sat"],
  ["SUN", "SU", "Sun"],
] as const;

const UNITS: Readonly<Record<string, string>> = {
  HOURLY: "hour",
  DAILY: "day",
  WEEKLY: "week",
  MONTHLY: "month",
  YEARLY: "year",
};

/** What to send for a choice; `start` is the local time of the first occurrence. */
export function toRecurrence(choice: RepeatChoice, start: Date): RecurrenceDraft | undefined {
  const rules: Record<Repeat, () => string | undefined> = {
    never: () => undefined,
    daily: () => "daily",
    weekly: () => `weekly:${weekdaysOf(choice, start).join(",")}`,
    monthly: () => `monthly:${start.getDate()}`,
    yearly: () => "yearly",
    custom: () => `custom:${choice.everyDays}d`,
  };
  const rule = rules[choice.repeat]();
  return rule === undefined ? undefined : { rule };
}

/** A stored rule in words, such as `Every 2 weeks on Mon, Fri`; finer parts are left out. */
export function repeatText(recurrence: Pick<Recurrence, "rule">): string {
  const parts = new Map(recurrence.rule.split(";").map((part) => split(part)));
  const unit = UNITS[parts.get("FREQ") ?? ""];
  if (unit === undefined) return "Repeats";
  const interval = Number(parts.get("INTERVAL") ?? 1);
  const every = interval === 1 ? `Every ${unit}` : `Every ${interval} ${unit}s`;
  const days = weekdayNames(parts.get("BYDAY") ?? "");
  return days === "" ? every : `${every} on ${days}`;
}

function weekdaysOf(choice: RepeatChoice, start: Date): string[] {
  const chosen = WEEKDAYS.map(([short]) => short).filter((day) => choice.weekdays.includes(day));
  const sundayFirst = start.getDay();
  const own = WEEKDAYS[(sundayFirst + 6) % 7]?.[0] ?? "MON";
  return chosen.length > 0 ? chosen : [own];
}

function weekdayNames(days: string): string {
  const names = days.split(",").map((day) => WEEKDAYS.find(([, rrule]) => rrule === day)?.[2]);
  return names.every((name) => name !== undefined) ? names.join(", ") : "";
}

function split(part: string): [string, string] {
  const [name = "", value = ""] = part.split("=");
  return [name, value];
}

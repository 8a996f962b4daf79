/** How a repetition is chosen (the short forms of the API) and told (from the stored RRULE). */
import type { Recurrence, RecurrenceDraft } from "../api/types";

export type Repeat = "never" | "daily" | "weekly" | "monthly" | "yearly" | "custom" | "phrase";

export interface RepeatChoice {
  repeat: Repeat;
  /** Of `weekly`; none means the weekday of the start. */
  weekdays: readonly string[];
  /** Of `custom`. */
  everyDays: number;
  /** Of `phrase`. */
  phrase: string;
}

export const REPEATS: readonly (readonly [Repeat, string])[] = [
  ["never", "Never"],
  ["daily", "Every day"],
  ["weekly", "Every week"],
  ["monthly", "Every month"],
  ["yearly", "Every year"],
  ["custom", "Every few days"],
  ["phrase", "In my words"],
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
  if (choice.repeat === "phrase") return { text: choice.phrase.trim() };
  const rules: Record<Exclude<Repeat, "phrase">, () => string | undefined> = {
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

/**
 * A recurrence in words where a few say all of it, such as `Every 2 weeks on Mon, Fri`; undefined
 * where it is finer, which the server says better.
 */
export function plainText(recurrence: Recurrence): string | undefined {
  const { FREQ = "", INTERVAL = "1", BYDAY, ...finer } = partsOf(recurrence.rule);
  const unit = UNITS[FREQ];
  if (!unit || Object.keys(finer).length > 0 || isBounded(recurrence)) return undefined;
  const every = INTERVAL === "1" ? `Every ${unit}` : `Every ${INTERVAL} ${unit}s`;
  return BYDAY === undefined ? every : onDays(every, FREQ, BYDAY);
}

function onDays(every: string, frequency: string, byday: string): string | undefined {
  const days = frequency === "WEEKLY" ? weekdayNames(byday) : "";
  return days === "" ? undefined : `${every} on ${days}`;
}

/** A sentence of the server's as a text of its own. */
export function capitalized(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

function isBounded({ mode, until, count }: Recurrence): boolean {
  return mode === "completion" || until !== null || count !== null;
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

function partsOf(rule: string): Partial<Record<string, string>> {
  return Object.fromEntries(rule.split(";").map((part) => part.split("=") as [string, string]));
}

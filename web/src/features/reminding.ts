/** When a task reminds, as people choose and read it. Pure. */
import type { ReminderDraft } from "../api/types";

export const REMINDERS: readonly (readonly [string, string])[] = [
  ["PT0S", "When it is due"],
  ["PT5M", "5 minutes before"],
  ["PT15M", "15 minutes before"],
  ["PT1H", "1 hour before"],
  ["P1D", "1 day before"],
  ["P7D", "1 week before"],
];

const DURATION = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
const UNITS = ["week", "day", "hour", "minute", "second"];

/** Such as `1 hour before, then every 10 minutes`. */
export function reminderText(reminder: ReminderDraft, locale?: string): string {
  const nag = reminder.nag ? `, then every ${durationText(reminder.nag.every)}` : "";
  return (reminder.at ? momentOf(reminder.at, locale) : offsetText(reminder.offset ?? "")) + nag;
}

function offsetText(offset: string): string {
  const known = REMINDERS.find(([value]) => value === offset);
  return known?.[1] ?? `${durationText(offset)} before`;
}

function durationText(duration: string): string {
  const amounts = DURATION.exec(duration)?.slice(1);
  if (!amounts) return duration;
  const parts = amounts.flatMap((amount: string | undefined, at) =>
    Number(amount ?? 0) === 0 ? [] : [counted(Number(amount), UNITS[at] ?? "")],
  );
  return parts.join(" ");
}

function counted(amount: number, unit: string): string {
  return amount === 1 ? `1 ${unit}` : `${amount} ${unit}s`;
}

function momentOf(instant: string, locale?: string): string {
  const format = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
  return format.format(new Date(instant));
}

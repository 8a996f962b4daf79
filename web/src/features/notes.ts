/** The notifications as the list behind the bell has them. All pure. */
import type { Notification, Reminded } from "../api/types";
import { whenText } from "../ui/dates";

/** A line of the list: a notification, or a digest of reminders that were missed together. */
export interface Entry {
  /** Stays the same while more of it comes. */
  key: string;
  /** Its newest notification. */
  item: Notification;
  /** Of a digest, those of its reminders that have been fetched, the newest first. */
  members: readonly Notification[];
  /** How many a digest has; 0 for a single notification. */
  missed: number;
}

const MINUTE = 60;
const UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", MINUTE],
] as const;

/** The lines: what was missed together stands as one, where the newest of it is. */
export function entries(items: readonly Notification[]): Entry[] {
  const digests = new Map<string, Notification[]>();
  for (const item of items) {
    const id = digestOf(item);
    if (id) digests.set(id, [...(digests.get(id) ?? []), item]);
  }
  return items.flatMap((item) => {
    const members = digests.get(digestOf(item)) ?? [];
    const missed = missedIn(members);
    // Told live an id is text, and listed a number.
    if (missed < 2) return [{ key: String(item.id), item, members: [], missed: 0 }];
    return members[0] === item ? [{ key: digestOf(item), item, members, missed }] : [];
  });
}

function digestOf(item: Notification): string {
  return item.reminder?.digest?.id ?? "";
}

function missedIn(members: readonly Notification[]): number {
  const counts = members.flatMap(({ reminder }) =>
    reminder?.digest ? [reminder.digest.missed, reminder.digest.place] : [],
  );
  return Math.max(members.length, ...counts);
}

/** Of each reminder, the notification that speaks last: it alone can be answered. */
export function answerable(items: readonly Notification[]): Set<Notification> {
  const newest = new Map<string, Notification>();
  for (const item of items) {
    const id = item.reminder?.id;
    if (id && !newest.has(id)) newest.set(id, item);
  }
  return new Set(newest.values());
}

/** What a notification of a reminder reminds of. */
export function subjectOf({ title }: Pick<Notification, "title">): string {
  return title.replace(/^Reminder: /, "");
}

/** How late a reminder came, and why; empty where it came at its time. */
export function lateText(reminder: Reminded, now: Date): string {
  if (reminder.late_by_seconds < MINUTE) return "";
  const length = lengthText(reminder.late_by_seconds);
  return `${length} late: TaskFlow was off or too busy at its time (${whenText(reminder.fire_at, now)}).`;
}

/** What there is to say of all reminders of a digest. */
export function missedText(members: readonly Notification[], now: Date): string {
  const times = members.flatMap(({ reminder }) => (reminder ? [reminder.fire_at] : []));
  const first = times.sort((one, other) => Date.parse(one) - Date.parse(other))[0];
  const since = first === undefined ? "" : ` (the first of them: ${whenText(first, now)})`;
  return `TaskFlow was off or too busy at their times${since}.`;
}

/** A length of time in its two largest units, such as `3 hours 5 minutes`. */
export function lengthText(seconds: number): string {
  if (seconds < MINUTE) return counted(seconds, "second");
  const found = UNITS.findIndex(([, size]) => seconds >= size);
  let rest = seconds;
  const parts = UNITS.slice(found, found + 2).map(([name, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count > 0 ? counted(count, name) : "";
  });
  return parts.filter((part) => part !== "").join(" ");
}

function counted(count: number, unit: string): string {
  return count === 1 ? `1 ${unit}` : `${count} ${unit}s`;
}

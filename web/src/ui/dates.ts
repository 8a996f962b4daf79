/** Times as people write and read them, in the browser's zone and language. */
import type { Task } from "../api/types";

const DAY_MS = 86_400_000;

/** The instant of a `datetime-local` value (`2026-01-24T10:00`), or `null` when it is empty or broken. */
export function toInstant(local: string): string | null {
  const date = new Date(local);
  return local === "" || Number.isNaN(date.getTime()) ? null : date.toISOString();
}

/** The `datetime-local` value of a moment, in the browser's zone. */
export function toLocal(date: Date): string {
  const pad = (number: number): string => String(number).padStart(2, "0");
  const day = `${String(date.getFullYear()).padStart(4, "0")}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day}T${pad(date.getHours())}:${pad(date.getMinutes())}`;
}

/** When a task is due; a whole day begins at local midnight. */
export function dueDate(task: Task): Date | null {
  if (task.due_date === null) return null;
  return new Date(task.all_day ? `${task.due_date}T00:00` : task.due_date);
}

/** Whether the time of an open task has passed; a whole day lasts to its end. */
export function isOverdue(task: Task, now: Date): boolean {
  const due = dueDate(task);
  if (due === null || task.status !== "pending") return false;
  return task.all_day ? daysBetween(now, due) < 0 : due < now;
}

/** The number of midnights from one moment to another, in local time. */
export function daysBetween(from: Date, to: Date): number {
  return Math.round((startOfDay(to).getTime() - startOfDay(from).getTime()) / DAY_MS);
}

/** A task's due date, such as `Today, 10:00`. */
export function dueText(task: Task, now: Date, locale?: string): string {
  const due = dueDate(task);
  if (due === null) return "";
  const day = dayText(due, now, locale);
  return task.all_day ? day : `${day}, ${timeText(due, locale)}`;
}

/** When a task was done, such as `Done: Today, 10:12`. */
export function doneText(task: Task, now: Date, locale?: string): string {
  if (!task.completed_at) return "";
  const done = new Date(task.completed_at);
  return `Done: ${dayText(done, now, locale)}, ${timeText(done, locale)}`;
}

/** A moment in the past, short: the time if it was today, else the day. */
export function momentText(instant: string, now: Date, locale?: string): string {
  const date = new Date(instant);
  return daysBetween(now, date) === 0 ? timeText(date, locale) : dayText(date, now, locale);
}

/** A moment whole, such as `Tomorrow, 09:00`. */
export function whenText(instant: string, now: Date, locale?: string): string {
  const date = new Date(instant);
  return `${dayText(date, now, locale)}, ${timeText(date, locale)}`;
}

/** The same to the second, where it is not at a full minute. */
export function exactText(instant: string, now: Date, locale?: string): string {
  const date = new Date(instant);
  if (date.getSeconds() === 0) return whenText(instant, now, locale);
  const time = new Intl.DateTimeFormat(locale, { timeStyle: "medium" }).format(date);
  return `${dayText(date, now, locale)}, ${time}`;
}

/** A moment or a whole day, such as `Fri, 27 Mar, 17:00`. */
export function occurrenceText(at: string, now: Date, locale?: string): string {
  const isDay = at.length === "2026-01-24".length;
  const date = new Date(isDay ? `${at}T00:00` : at);
  const day = dayText(date, now, locale);
  return isDay ? day : `${day}, ${timeText(date, locale)}`;
}

/** The name of a month such as `2026-03`. */
export function monthText(month: string, locale?: string): string {
  const format = new Intl.DateTimeFormat(locale, { month: "long", year: "numeric" });
  return format.format(new Date(`${month}-01T00:00`));
}

/** A plain date, such as `24 Feb 2026`. */
export function plainDay(date: string, locale?: string): string {
  const format = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
  return format.format(new Date(`${date}T00:00`));
}

function dayText(date: Date, now: Date, locale?: string): string {
  const names: Record<number, string> = { [-1]: "Yesterday", 0: "Today", 1: "Tomorrow" };
  const isThisYear = date.getFullYear() === now.getFullYear();
  const format = new Intl.DateTimeFormat(locale, {
    weekday: "short",
    day: "numeric",
    month: "short",
    ...(isThisYear ? {} : { year: "numeric" }),
  });
  return names[daysBetween(now, date)] ?? format.format(date);
}

function timeText(date: Date, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" }).format(date);
}

function startOfDay(date: Date): Date {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate());
}

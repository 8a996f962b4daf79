/** The reminders of a task: in words, from the form, and with where they stand. All pure. */
import type { Reminder, ReminderDraft, ReminderState } from "../api/types";
import { exactText, toInstant } from "../ui/dates";
import { lengthText } from "./notes";

export interface ReminderForm {
  when: "before" | "at";
  /** How many of `unit` before the due date; 0 is when it is due. */
  amount: number;
  unit: Unit;
  /** A `datetime-local` value. */
  at: string;
  isNagging: boolean;
  everyMinutes: number;
  times: number;
}

export type Unit = "minutes" | "hours" | "days" | "weeks";

export const UNITS: readonly (readonly [Unit, string])[] = [
  ["minutes", "minutes"],
  ["hours", "hours"],
  ["days", "days"],
  ["weeks", "weeks"],
];

/** What is chosen most: an offset from the due date, and how it is called. */
export const REMINDERS: readonly (readonly [string, string])[] = [
  ["PT0S", "When it is due"],
  ["PT5M", "5 minutes before"],
  ["PT15M", "15 minutes before"],
  ["PT1H", "1 hour before"],
  ["P1D", "1 day before"],
  ["P7D", "1 week before"],
];

export const EMPTY_REMINDER: ReminderForm = {
  when: "before",
  amount: 10,
  unit: "minutes",
  at: "",
  isNagging: false,
  everyMinutes: 10,
  times: 5,
};

/** A reminder of a task: what the task asks for, and where that stands, as far as each is known. */
export interface Planned {
  key: string;
  /** Missing where the task does not ask for it any more. */
  wanted?: Reminder;
  /** Missing until it has been planned. */
  state?: ReminderState;
}

/** What a task asks for, each with where it stands; then what has come of earlier ones. */
export function planned(
  wanted: readonly Reminder[],
  states: readonly ReminderState[],
): { present: Planned[]; earlier: Planned[] } {
  const present = wanted.map((one) => {
    const key = keyOf(one);
    const state = states.find((state) => keyOf(state) === key);
    return { key, wanted: one, ...(state ? { state } : {}) };
  });
  const keys = new Set(present.map(({ key }) => key));
  const earlier = states
    .filter((state) => state.fired_at !== null && !keys.has(keyOf(state)))
    .map((state) => ({ key: state.id, state }));
  return { present, earlier };
}

type Time = Pick<Reminder, "offset" | "at">;

/** A reminder is known by its time. */
function keyOf({ offset, at }: Time): string {
  return offset ?? (at ? new Date(at).toISOString() : "");
}

/** When a reminder comes, such as `1 hour before it is due`. */
export function timeText({ offset, at }: Time, now: Date): string {
  if (at) return exactText(at, now);
  const length = offset ? durationText(offset) : "";
  return length === "" ? "When it is due" : `${length} before it is due`;
}

const DURATION = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
const NAMES = ["week", "day", "hour", "minute", "second"];

/** An ISO 8601 duration in words; empty for none. */
export function durationText(duration: string): string {
  const parts = (DURATION.exec(duration) ?? []).slice(1).map(Number);
  const words = parts.map((count, at) => (count > 0 ? counted(count, NAMES[at] ?? "") : ""));
  return words.filter((word) => word !== "").join(" ");
}

function counted(count: number, unit: string): string {
  return count === 1 ? `1 ${unit}` : `${count} ${unit}s`;
}

/** How a reminder goes on, such as `then every 10 minutes, 5 times at most`; empty if it does not. */
export function nagText(nag: Reminder["nag"]): string {
  if (!nag) return "";
  const times = nag.times === 1 ? "once" : `${nag.times} times`;
  const every = durationText(nag.every).replace(/^1 (?=\w+$)/, "");
  return `then every ${every} until you react, ${times} at most`;
}

/** What to send for the form. */
export function toReminder(form: ReminderForm): ReminderDraft {
  const nag = { every: `PT${form.everyMinutes}M`, times: form.times };
  return {
    ...(form.when === "at" ? { at: toInstant(form.at) } : { offset: offsetOf(form) }),
    ...(form.isNagging ? { nag } : {}),
  };
}

function offsetOf({ amount, unit }: ReminderForm): string {
  const forms: Record<Unit, string> = {
    minutes: `PT${amount}M`,
    hours: `PT${amount}H`,
    days: `P${amount}D`,
    weeks: `P${amount * 7}D`,
  };
  return amount === 0 ? "PT0S" : forms[unit];
}

/** Where a reminder stands, in a sentence. */
export function standingText(state: ReminderState | undefined, now: Date): string {
  if (!state) return "Being planned…";
  if (state.status === "cancelled") return `Does not come: ${state.reason ?? "it was cancelled"}.`;
  if (state.status === "pending") return pendingText(state, now);
  const came = cameText(state, now);
  if (state.status === "acknowledged") return `${came} You are done with it.`;
  return state.seen_at
    ? `${came} You saw it ${exactText(state.seen_at, now)}.`
    : `${came} Nobody has seen it yet.`;
}

function pendingText(state: ReminderState, now: Date): string {
  const comes = exactText(state.fire_at, now);
  return state.fired_at ? `${cameText(state, now)} It comes again: ${comes}.` : `Comes: ${comes}.`;
}

function cameText({ fired_at, fire_at, late_by_seconds }: ReminderState, now: Date): string {
  const late = late_by_seconds ?? 0;
  const lateness = late < 60 ? "" : `, ${lengthText(late)} late`;
  return `Came: ${exactText(fired_at ?? fire_at, now)}${lateness}.`;
}

/** The steps of a reminder's life in words: why it came, or why not. Pure. */
import type { Happening } from "../api/types";
import { exactText } from "../ui/dates";
import { lengthText } from "./notes";

type Words = (step: Happening, now: Date) => string;

/** Where times and latencies belong into the sentence; the rest is said as the server says it. */
const WORDS: Partial<Record<Happening["what"], Words>> = {
  planned: (step, now) => `It was planned for ${moment(step.fire_at, now)}`,
  replanned: (step, now) =>
    `It was moved from ${moment(step.old, now)} to ${moment(step.new, now)}, as ${step.reason ?? "its task was changed"}`,
  postponed: (step, now) => `It waits until ${moment(step.until, now)}: ${step.reason ?? ""}`,
  snoozed: (step, now) => `You snoozed it until ${moment(step.until, now)}`,
  seen: () => "You saw it",
  fired: firedText,
  delivered: deliveredText,
  attempted: attemptedText,
  waiting: (step, now) => (step.next_at ? `${step.text}: ${moment(step.next_at, now)}` : step.text),
};

/** What a step of a timeline says. */
export function stepText(step: Happening, now: Date): string {
  return WORDS[step.what]?.(step, now) ?? step.text;
}

function firedText(step: Happening): string {
  const late = step.late_by_seconds ?? 0;
  const lateness =
    late < 60
      ? "It came at its time"
      : `It came ${lengthText(late)} late: TaskFlow was off or too busy`;
  const repetition = step.repetition ? `, as repetition ${step.repetition}` : "";
  const digest = step.digest_id ? ", told of together with others that were missed" : "";
  return lateness + repetition + digest;
}

function deliveredText(step: Happening): string {
  if (step.channel === "page")
    return `It was in the list of this page${took(step, "", " after it came")}`;
  return step.text + took(step, "in ");
}

function attemptedText(step: Happening, now: Date): string {
  const next = step.next_at ? `; tried again ${moment(step.next_at, now)}` : "";
  return step.text + took(step, "after ") + next;
}

function took(step: Happening, before: string, after = ""): string {
  return step.latency_ms === null ? "" : `, ${before}${step.latency_ms} ms${after}`;
}

function moment(instant: string | null, now: Date): string {
  return instant ? exactText(instant, now) : "a time that is not known";
}

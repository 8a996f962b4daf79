/**
 * The form of a task that is open: from the task, to what the API takes, and over to a newer task.
 * All pure.
 */
import type { Priority, RecurrenceDraft, SeriesWhole, Task, TaskPatch } from "../api/types";
import { dueDate, dueText, toInstant, toLocal } from "../ui/dates";

export interface EditForm {
  title: string;
  description: string;
  /** A `datetime-local` value, or a date where it is a whole day; empty for none. */
  due: string;
  isAllDay: boolean;
  priority: Priority;
  /** With commas between. */
  tags: string;
  /** The recurrence as a phrase; null while it is as it was, empty for none any more. */
  phrase: string | null;
}

/** What a person sees as one thing. */
export type Part = "title" | "description" | "due" | "priority" | "tags" | "repeat";

/** The fields of the API that the form shows something about. */
export const FIELDS = [
  "title",
  "description",
  "due_date",
  "all_day",
  "priority",
  "tags",
  "recurrence",
];

const PARTS: readonly Part[] = ["title", "description", "due", "priority", "tags", "repeat"];
const MORNING = "T09:00";

export function formOf(task: Task): EditForm {
  const due = dueDate(task);
  return {
    title: task.title,
    description: task.description,
    due: due === null ? "" : task.all_day ? (task.due_date ?? "") : toLocal(due),
    isAllDay: task.all_day,
    priority: task.priority,
    tags: task.tags.join(", "),
    phrase: null,
  };
}

/** The same due date, as a whole day or with a time. */
export function withAllDay(form: EditForm, isAllDay: boolean): EditForm {
  const day = form.due.slice(0, 10);
  return { ...form, isAllDay, due: day === "" || isAllDay ? day : day + MORNING };
}

/** The parts of a form in which it differs from a task. */
export function changedParts(form: EditForm, task: Task): Part[] {
  return PARTS.filter((part) => !isSame(valueOf(form, part), valueOf(formOf(task), part)));
}

/** What to send for a form that began as this task: only what differs. */
export function patchOf(form: EditForm, task: Task): TaskPatch {
  const patches: Record<Part, () => TaskPatch> = {
    title: () => ({ title: form.title.trim() }),
    description: () => ({ description: form.description }),
    due: () => duePatch(form, task),
    priority: () => ({ priority: form.priority }),
    tags: () => ({ tags: tagsOf(form.tags) }),
    repeat: () => ({ recurrence: recurrenceOf(form.phrase ?? "", task) }),
  };
  return Object.assign({}, ...changedParts(form, task).map((part) => patches[part]())) as TaskPatch;
}

/** Whether a change goes to the series: unless it ends that, or there is none that goes on. */
export function isOfSeries(task: Task, whole: SeriesWhole | null, patch: TaskPatch): boolean {
  const goesOn = whole !== null && whole.series.status !== "ended";
  return goesOn && task.recurrence !== null && patch.recurrence !== null;
}

/** Whether a change may be for more than this task; what is done already changes for itself. */
export function needsScope(task: Task, whole: SeriesWhole | null, patch: TaskPatch): boolean {
  return task.status === "pending" && isOfSeries(task, whole, patch);
}

/** Whether a change is of what all tasks of a series have in common. */
export function isForAll(patch: TaskPatch): boolean {
  return "recurrence" in patch || "all_day" in patch;
}

/** What somebody else made of a part that the person is changing too. */
export interface Clash {
  part: Part;
  text: string;
}

/**
 * The form that began as `before`, over `after`: what the person has not touched is as it is now,
 * what they have stays theirs, and where both changed the same, that is a clash.
 */
export function rebased(
  form: EditForm,
  before: Task,
  after: Task,
): { form: EditForm; clashes: Clash[] } {
  const mine = changedParts(form, before);
  const fresh = formOf(after);
  const merged = mine.reduce((made, part) => withPart(made, part, form), fresh);
  const theirs = mine.filter((part) => !isSame(toldOf(before, part), toldOf(after, part)));
  const clashes = theirs
    .filter((part) => !isSame(valueOf(form, part), valueOf(fresh, part)))
    .map((part) => ({ part, text: told(after, part) }));
  return { form: merged, clashes };
}

/** A form with one part as another has it. */
export function withPart(form: EditForm, part: Part, other: EditForm): EditForm {
  const { due, isAllDay, phrase } = other;
  if (part === "due") return { ...form, due, isAllDay };
  if (part === "repeat") return { ...form, phrase };
  return { ...form, [part]: other[part] };
}

function told(task: Task, part: Part): string {
  const due = dueText(task, new Date());
  const tags = task.tags.join(", ");
  const texts: Record<Part, string> = {
    title: `The title is now “${task.title}”.`,
    description: "The notes have changed.",
    due: due === "" ? "It has no due date any more." : `It is now due: ${due}.`,
    priority: `The priority is now ${task.priority}.`,
    tags: tags === "" ? "The tags are gone." : `The tags are now ${tags}.`,
    repeat: task.recurrence ? "It repeats otherwise now." : "It does not repeat any more.",
  };
  return texts[part];
}

function toldOf(task: Task, part: Part): unknown {
  return part === "repeat" ? task.recurrence : valueOf(formOf(task), part);
}

function valueOf(form: EditForm, part: Part): unknown {
  if (part === "due") return form.due === "" ? "" : [form.due, form.isAllDay];
  if (part === "repeat") return form.phrase;
  return part === "tags" ? tagsOf(form.tags) : form[part];
}

function duePatch(form: EditForm, task: Task): TaskPatch {
  const allDay = form.isAllDay && form.due !== "";
  const due = allDay ? form.due : toInstant(form.due);
  return { due_date: due, ...(allDay === task.all_day ? {} : { all_day: allDay }) };
}

/** A phrase, beside what of the present recurrence it does not speak of. */
function recurrenceOf(phrase: string, task: Task): RecurrenceDraft | null {
  const text = phrase.trim();
  if (text === "") return null;
  const { policy, exdates, rdates } = task.recurrence ?? {};
  return {
    text,
    ...(policy ? { policy } : {}),
    ...(exdates ? { exdates } : {}),
    ...(rdates ? { rdates } : {}),
  };
}

function tagsOf(text: string): string[] {
  const tags = text.split(",").map((tag) => tag.trim().replace(/^#/, ""));
  return [...new Set(tags.filter((tag) => tag !== ""))];
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

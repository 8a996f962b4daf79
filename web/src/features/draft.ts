/** From the form of a new task to what the API takes. */
import type { Priority, TaskDraft } from "../api/types";
import { toInstant } from "../ui/dates";
import { type RepeatChoice, toRecurrence } from "./repeat";

export interface TaskForm extends RepeatChoice {
  title: string;
  /** A `datetime-local` value; empty for none. */
  due: string;
  priority: Priority;
  /** An ISO 8601 duration before the due date; empty for none. */
  reminder: string;
}

export const EMPTY_FORM: TaskForm = {
  title: "",
  due: "",
  priority: "medium",
  reminder: "",
  repeat: "never",
  weekdays: [],
  everyDays: 2,
  phrase: "",
};

export const PRIORITIES: readonly (readonly [Priority, string])[] = [
  ["low", "Low"],
  ["medium", "Medium"],
  ["high", "High"],
  ["urgent", "Urgent"],
];

/** The task to create; without a due date there is nothing to remind of, and it starts `now`. */
export function toDraft(form: TaskForm, now: Date): TaskDraft {
  const due = toInstant(form.due);
  const recurrence = toRecurrence(form, due === null ? now : new Date(due));
  return {
    title: form.title.trim(),
    priority: form.priority,
    ...(due === null ? {} : { due_date: due }),
    ...(recurrence === undefined ? {} : { recurrence }),
    ...(due === null || form.reminder === "" ? {} : { reminders: [{ offset: form.reminder }] }),
  };
}

/** From the form of a new task to what the API takes, and to the same where it is sent once more. */
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

/**
 * Makes one draft of a form as long as the form stays as it is.
 *
 * Made anew, it would differ after midnight, and the server would take it for another task.
 */
export class Drafting {
  #form = "";
  #draft: TaskDraft | null = null;

  /** The draft of `form`: the earlier one if that was of the same and is not done. */
  of(form: TaskForm, now: Date): TaskDraft {
    const text = JSON.stringify(form);
    if (this.#draft === null || text !== this.#form) {
      this.#form = text;
      this.#draft = toDraft(form, now);
    }
    return this.#draft;
  }

  done(): void {
    this.#draft = null;
  }
}

/** Recurrences in words, as the server says them; each is asked for once. */
import type { SeriesApi } from "../api/series";
import { ApiError } from "../api/problem";
import type { Recurrence, Task } from "../api/types";

export class Sentences {
  #said = $state.raw<Readonly<Record<string, string>>>({});
  readonly #asked = new Set<string>();
  readonly #api: SeriesApi;
  /** One question at a time: a long list must not flood the server. */
  #turn: Promise<void> = Promise.resolve();

  constructor(api: SeriesApi) {
    this.#api = api;
  }

  /** A recurrence in words; undefined until the server has said. */
  of(recurrence: Recurrence): string | undefined {
    return this.#said[keyOf(recurrence)];
  }

  /** Asks how to say a task's recurrence, unless that is known or asked already. */
  ask(task: Task): void {
    const { recurrence } = task;
    if (recurrence === null || this.#asked.has(keyOf(recurrence))) return;
    this.#asked.add(keyOf(recurrence));
    this.#turn = this.#turn.then(() => this.#fetch(task, recurrence));
  }

  async #fetch(task: Task, recurrence: Recurrence): Promise<void> {
    const key = keyOf(recurrence);
    const { mode, until, month_end } = recurrence;
    const start = task.planned_date ?? task.due_date ?? task.created_at;
    const rule = ruleOf(recurrence);
    const trial = { rule, mode, month_end, until, start, timezone: task.timezone, count: 1 };
    try {
      const { text } = await this.#api.preview(trial);
      this.#said = { ...this.#said, [key]: text };
    } catch (error) {
      // It may be said another time; what is shown meanwhile is true, if not the whole.
      if (!(error instanceof ApiError)) throw error;
      this.#asked.delete(key);
    }
  }
}

/** The rule with how often: a preview's `count` is how many to show. */
function ruleOf({ rule, count }: Recurrence): string {
  return count === null ? rule : `${rule};COUNT=${count}`;
}

function keyOf({ rule, mode, until, count, month_end }: Recurrence): string {
  return [rule, mode, until, count, month_end].join(" ");
}

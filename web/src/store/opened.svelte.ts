/** The one task that is open: as the server has it, on whatever page of the list it stands. */
import type { Api } from "../api/client";
import { ApiError, describe } from "../api/problem";
import type { Task, TaskPatch } from "../api/types";
import { type Change, EMPTY, apply, bury, put } from "../live/apply";

export class Opened {
  #state = $state.raw(EMPTY);
  #id = $state.raw("");
  readonly #api: Api;
  readonly #keep: (task: Task) => void;
  readonly #drop: (task: Task) => void;

  /** Why it can't be shown; empty if it can. */
  problem = $state("");

  readonly task = $derived(this.#state.tasks[this.#id] ?? null);
  /** Whether it has been deleted, or never was. */
  readonly isGone = $derived(this.task === null && this.#id in this.#state.tombstones);

  /** `keep` is given what this page's own writes lead to, `drop` what they move to the trash. */
  constructor(api: Api, keep: (task: Task) => void, drop: (task: Task) => void) {
    this.#api = api;
    this.#keep = keep;
    this.#drop = drop;
  }

  /** Opens a task; what is known of it is shown at once. */
  async open(id: string, known: Task | undefined): Promise<void> {
    this.#id = id;
    this.#state = known ? put(EMPTY, known) : EMPTY;
    await this.refresh();
  }

  close(): void {
    this.#id = "";
    this.#state = EMPTY;
    this.problem = "";
  }

  /** Takes a change that the stream tells. */
  take(change: Change): void {
    if (change.task_id === this.#id) this.#state = apply(this.#state, change);
  }

  /** Fetches it afresh. */
  async refresh(): Promise<void> {
    const id = this.#id;
    if (id === "") return;
    try {
      const task = await this.#api.task(id);
      if (id === this.#id) this.#state = put(this.#state, task);
      this.problem = "";
    } catch (error) {
      if (id === this.#id) this.#miss(error);
    }
  }

  /** Fetches it afresh after this page has changed it by another way, and shows it in the list too. */
  async reload(): Promise<void> {
    await this.refresh();
    if (this.task) this.#keep(this.task);
  }

  /** Shows that its series took it along to the trash, as far as it was open. */
  async went(task: Task): Promise<void> {
    if (task.status !== "pending") return this.reload();
    this.#state = bury(this.#state, task.id, task.version + 1);
    this.#drop(task);
  }

  /**
   * Changes what differs from the state that the person has seen.
   *
   * Where somebody else was faster, their state is here when it throws ApiError with 412 or 404.
   */
  async change(seen: Task, patch: TaskPatch): Promise<void> {
    try {
      this.took(await this.#api.change(seen, patch));
    } catch (error) {
      if (error instanceof ApiError && [404, 412].includes(error.status)) await this.refresh();
      throw error;
    }
  }

  /** Shows a task as this page's own write has left it, here and in the list. */
  took(task: Task): void {
    this.#state = put(this.#state, task);
    this.#keep(task);
  }

  #miss(error: unknown): void {
    const isMissing = error instanceof ApiError && [404, 422].includes(error.status);
    if (isMissing) this.#state = bury(this.#state, this.#id, (this.task?.version ?? 0) + 1);
    else this.problem = describe(error);
  }
}

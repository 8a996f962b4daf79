/** The tasks that the page shows: fetched in pages, changed by the person, kept fresh by the stream. */
import type { Api } from "../api/client";
import { RetryKey } from "../api/keys";
import { ApiError, describe } from "../api/problem";
import type { ReminderDraft, Status, Task, TaskDraft } from "../api/types";
import { type Change, EMPTY, apply, bury, put, replace } from "../live/apply";
import { byCompletion, byDueDate } from "./order";

const PAGE = 50;
const MOST = 200;

type Wrote = (id: string, version: number) => void;
type Cursors = Record<Status, string | null>;

export class Tasks {
  #state = $state.raw(EMPTY);
  #cursors = $state.raw<Cursors>({ pending: null, completed: null });
  readonly #key = new RetryKey();
  readonly #quickKey = new RetryKey();
  /** Of each task, the completion or opening that is under way. */
  readonly #underway = new Map<string, Promise<Task>>();
  readonly #api: Api;
  readonly #wrote: Wrote;

  isLoaded = $state(false);
  /** Why the list could not be fetched; empty if it could. */
  problem = $state("");

  readonly pending = $derived(this.#having("pending").sort(byDueDate));
  readonly completed = $derived(this.#having("completed").sort(byCompletion));

  /** `wrote` is told of each change that this page makes. */
  constructor(api: Api, wrote: Wrote = () => undefined) {
    this.#api = api;
    this.#wrote = wrote;
  }

  hasMore(status: Status): boolean {
    return this.#cursors[status] !== null;
  }

  /** A task as it is known here, if it is. */
  find(id: string): Task | undefined {
    return this.#state.tasks[id];
  }

  /** Fetches afresh as much as is shown. */
  async refresh(): Promise<void> {
    const before = this.#state;
    try {
      const pending = await this.#api.tasks("pending", { limit: limitFor(this.pending) });
      const completed = await this.#api.tasks("completed", { limit: limitFor(this.completed) });
      this.#state = replace(this.#state, before, [...pending.items, ...completed.items]);
      this.#cursors = { pending: pending.next_cursor, completed: completed.next_cursor };
      this.isLoaded = true;
      this.problem = "";
    } catch (error) {
      this.problem = describe(error);
    }
  }

  /** Fetches the next page; throws ApiError. */
  async more(status: Status): Promise<void> {
    const cursor = this.#cursors[status];
    if (cursor === null) return;
    const page = await this.#api.tasks(status, { limit: PAGE, cursor });
    this.#state = page.items.reduce(put, this.#state);
    this.#cursors = { ...this.#cursors, [status]: page.next_cursor };
  }

  /** Takes a change that the stream tells. */
  take(change: Change): void {
    this.#state = apply(this.#state, change);
  }

  /** Adds a task; trying again after a lost answer does not add it twice. Throws ApiError. */
  async add(draft: TaskDraft): Promise<Task> {
    const task = await this.#api.create(draft, this.#key.for(draft));
    this.#key.done();
    this.keep(task);
    return task;
  }

  /** Adds a task out of a line, in the same manner. Throws ApiError. */
  async quickAdd(text: string): Promise<Task> {
    const { task } = await this.#api.quickAdd({ text }, this.#quickKey.for(text));
    this.#quickKey.done();
    this.keep(task);
    return task;
  }

  /** A task, fetched where this page does not know it; throws ApiError. */
  async fetch(id: string): Promise<Task> {
    const known = this.find(id);
    if (known) return known;
    const task = await this.#api.task(id).catch((error: unknown) => {
      const isGone = error instanceof ApiError && error.status === 404;
      throw isGone ? new ApiError(404, "The task is gone; look in the trash.") : error;
    });
    this.#state = put(this.#state, task);
    return task;
  }

  /** Completes a task that need not be shown, unless it is done already; throws ApiError. */
  async complete(id: string): Promise<void> {
    const task = await this.fetch(id);
    if (task.status === "pending") await this.toggle(task);
  }

  /** Opens a task again, unless it is open; throws ApiError. */
  async reopen(id: string): Promise<void> {
    const task = await this.fetch(id);
    if (task.status === "completed") await this.toggle(task);
  }

  /** Gives a task other reminders than those that it was seen with; throws ApiError. */
  async remind(task: Task, reminders: ReminderDraft[]): Promise<void> {
    this.keep(await this.#guarded(task, () => this.#api.change(task, { reminders })));
  }

  /** Completes an open task or opens a completed one; throws ApiError. */
  async toggle(task: Task): Promise<void> {
    const write = task.status === "pending" ? "complete" : "reopen";
    const underway = this.#guarded(task, () => this.#api[write](task));
    this.#underway.set(task.id, underway);
    try {
      this.keep(await underway);
    } finally {
      this.#underway.delete(task.id);
    }
  }

  /** Moves a task to the trash, as what is under way leaves it; throws ApiError. */
  async remove(seen: Task): Promise<void> {
    // Whoever asked for that write is told of its failure.
    const task = (await this.#underway.get(seen.id)?.catch(() => seen)) ?? seen;
    await this.#guarded(task, () => this.#api.remove(task));
    this.drop(task);
  }

  /** Shows a task no more that this page's own write has moved to the trash. */
  drop(task: Task): void {
    // Versions are dense and the write was guarded, so the deletion is the next one.
    this.#state = bury(this.#state, task.id, task.version + 1);
    this.#wrote(task.id, task.version + 1);
  }

  /** Takes a task out of the trash; throws ApiError. */
  async restore(id: string): Promise<void> {
    this.keep(await this.#api.restore(id));
  }

  /** Shows a task as this page's own write has left it. */
  keep(written: Task): void {
    this.#state = put(this.#state, written);
    this.#wrote(written.id, written.version);
  }

  #having(status: Status): Task[] {
    return Object.values(this.#state.tasks).filter((task) => task.status === status);
  }

  /** A write that meets a newer task, or none, shows what is there before it fails. */
  async #guarded<T>(task: Task, write: () => Promise<T>): Promise<T> {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof ApiError) || ![404, 412].includes(error.status)) throw error;
      await this.#look(task);
      throw new ApiError(error.status, `“${task.title}” was changed elsewhere. Look again.`);
    }
  }

  async #look(task: Task): Promise<void> {
    try {
      this.#state = put(this.#state, await this.#api.task(task.id));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      this.#state = bury(this.#state, task.id, task.version + 1);
    }
  }
}

function limitFor(shown: readonly Task[]): number {
  return Math.min(MOST, Math.max(PAGE, shown.length));
}

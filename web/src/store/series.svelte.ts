/** The series of the task that is open: its rule, what comes next, and what a person does to all of it. */
import { ApiError, describe } from "../api/problem";
import type { SeriesApi } from "../api/series";
import type {
  HistoryPage,
  Policy,
  Scope,
  SeriesWhole,
  Task,
  TaskPatch,
  Calendar,
} from "../api/types";

/** A series is made, and follows its tasks, soon after them, and nothing tells of it. */
export const AGAIN_MS = [300, 1500, 5000];

export class OpenSeries {
  whole = $state.raw<SeriesWhole | null>(null);
  /** Why it can't be shown; empty if it can. */
  problem = $state("");
  /** Rises with what changes, so that what is shown of it is fetched afresh. */
  news = $state(0);
  #id = "";
  #timers: ReturnType<typeof setTimeout>[] = [];
  readonly #api: SeriesApi;
  readonly #changed: (gone: Task | null) => Promise<void>;

  /**
   * `changed` is called after this page has changed a series, and may have changed its tasks; it is
   * given the task that may have gone to the trash.
   */
  constructor(api: SeriesApi, changed: (gone: Task | null) => Promise<void>) {
    this.#api = api;
    this.#changed = changed;
  }

  /** Shows a series, and what becomes of it after a task of it has changed. */
  open(id: string): void {
    if (id !== this.#id) this.close();
    this.#id = id;
    this.#timers.forEach(clearTimeout);
    void this.refresh();
    this.#timers = AGAIN_MS.map((wait) => setTimeout(() => void this.refresh(), wait));
  }

  /** Shows what becomes of it after a task has changed that is of it. */
  hear(task: Task | null): void {
    if (task?.series_id && task.series_id === this.#id) this.open(this.#id);
  }

  close(): void {
    this.#timers.forEach(clearTimeout);
    this.#id = "";
    this.whole = null;
    this.problem = "";
  }

  /** Shows it, with its history and its calendar, afresh. */
  async again(): Promise<void> {
    this.news += 1;
    await this.refresh();
  }

  async refresh(): Promise<void> {
    const id = this.#id;
    if (id === "") return;
    try {
      const whole = await this.#api.get(id);
      if (id === this.#id) this.#show(whole);
    } catch (error) {
      // One that is not there is being made.
      const isMissing = error instanceof ApiError && error.status === 404;
      if (id === this.#id) this.problem = isMissing ? "" : describe(error);
    }
  }

  /** Changes a task of it, that and what follows, or all that is open; throws ApiError. */
  async change(scope: Scope, task: Task, changes: TaskPatch): Promise<void> {
    await this.#write((seen) => this.#api.change(seen, { scope, task_id: task.id, changes }));
  }

  /** Throws ApiError, as all below. */
  async setPolicy(policy: Policy): Promise<void> {
    await this.#write((seen) => this.#api.change(seen, { scope: "all", policy }));
  }

  async skip(task: Task): Promise<void> {
    await this.#write((seen) => this.#api.skip(seen, task.id), task);
  }

  async pause(): Promise<void> {
    await this.#write((seen) => this.#api.pause(seen));
  }

  async resume(): Promise<void> {
    await this.#write((seen) => this.#api.resume(seen));
  }

  async stop(task: Task): Promise<void> {
    await this.#write(async (seen) => {
      await this.#api.stop(seen);
      return this.#api.get(seen.id);
    }, task);
  }

  async history(cursor: string | null): Promise<HistoryPage> {
    return this.#api.history(this.#id, cursor);
  }

  async calendar(month: string | null): Promise<Calendar> {
    return this.#api.calendar(this.#id, month);
  }

  /** A write that meets a newer series shows that before it fails. */
  async #write(
    write: (seen: SeriesWhole["series"]) => Promise<SeriesWhole>,
    gone: Task | null = null,
  ): Promise<void> {
    if (this.whole === null) return;
    try {
      this.#show(await write(this.whole.series));
    } catch (error) {
      if (error instanceof ApiError && [404, 409, 412].includes(error.status)) {
        await this.refresh();
        await this.#changed(null);
      }
      throw error;
    }
    await this.#changed(gone);
  }

  #show(whole: SeriesWhole): void {
    if (JSON.stringify(whole) !== JSON.stringify(this.whole)) this.news += 1;
    this.whole = whole;
    this.problem = "";
  }
}

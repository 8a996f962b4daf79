/** The reminders: what the person does with them, and that something has happened to one. */
import { ApiError } from "../api/problem";
import type { ReminderApi } from "../api/reminders";
import type { Happening, ReminderState, SnoozeChoice, SnoozePreset } from "../api/types";

export class Reminders {
  /** Rises with all that this page hears of happening to reminders: who shows some asks anew. */
  news = $state(0);
  readonly #api: ReminderApi;

  constructor(api: ReminderApi) {
    this.#api = api;
  }

  /** One of them has fired. */
  heard(): void {
    this.news += 1;
  }

  /** Those of a task, by time; throws ApiError, as everything below. */
  async of(task_id: string): Promise<ReminderState[]> {
    return (await this.#api.of(task_id)).items;
  }

  async timeline(id: string): Promise<Happening[]> {
    return (await this.#api.timeline(id)).items;
  }

  /** What can be chosen to snooze until, now. */
  async presets(): Promise<SnoozePreset[]> {
    return (await this.#api.presets()).items;
  }

  /** Answers when it comes again. */
  async snooze(id: string, choice: SnoozeChoice): Promise<string> {
    const { fire_at } = await this.#api.snooze(id, choice);
    this.heard();
    return fire_at;
  }

  /** It does not come any more. */
  async acknowledge(id: string): Promise<void> {
    await this.#api.acknowledge(id);
    this.heard();
  }

  /**
   * Somebody has seen it. One that was planned anew or is gone meanwhile need not be seen; answers
   * whether the server knows.
   */
  async see(id: string): Promise<boolean> {
    try {
      await this.#api.see(id);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return error.status === 404 || error.status === 409;
    }
  }
}

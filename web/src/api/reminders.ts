/** The calls about reminders: which there are, what became of them, and what a person does with them. */
import createClient, { type Client } from "openapi-fetch";
import { answer, done } from "./client";
import type { Send } from "./renewal";
import type {
  ReminderPage,
  ReminderState,
  SnoozeChoice,
  SnoozePresets,
  Timeline,
  paths,
} from "./types";

const MOST = 200;

export class ReminderApi {
  readonly #client: Client<paths>;

  constructor(send: Send, origin: string) {
    this.#client = createClient<paths>({ baseUrl: origin, fetch: send });
  }

  /** Those of a task by time; a task has far fewer than a page. */
  async of(task_id: string): Promise<ReminderPage> {
    const params = { query: { task_id, limit: MOST } };
    return answer(this.#client.GET("/api/v1/reminders", { params }));
  }

  async timeline(id: string): Promise<Timeline> {
    return answer(this.#client.GET("/api/v1/reminders/{reminder_id}/timeline", at(id)));
  }

  async presets(): Promise<SnoozePresets> {
    return answer(this.#client.GET("/api/v1/reminders/snooze-presets"));
  }

  async snooze(id: string, body: SnoozeChoice): Promise<ReminderState> {
    const options = { ...at(id), body };
    return answer(this.#client.POST("/api/v1/reminders/{reminder_id}/snooze", options));
  }

  async acknowledge(id: string): Promise<ReminderState> {
    return answer(this.#client.POST("/api/v1/reminders/{reminder_id}/acknowledge", at(id)));
  }

  /** Notes that it was seen; it goes through although somebody leaves the page meanwhile. */
  async see(id: string): Promise<void> {
    const options = { ...at(id), keepalive: true };
    await done(this.#client.POST("/api/v1/reminders/{reminder_id}/seen", options));
  }
}

function at(reminder_id: string): { params: { path: { reminder_id: string } } } {
  return { params: { path: { reminder_id } } };
}

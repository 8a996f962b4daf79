/** The calls that the page makes, typed by the contract; each returns its answer or throws ApiError. */
import createClient, { type Client } from "openapi-fetch";
import { ApiError } from "./problem";
import type { Send } from "./renewal";
import type {
  AccountPatch,
  Credentials,
  Notification,
  NotificationPage,
  QuickAdded,
  QuickLine,
  QuickPreview,
  Registration,
  Status,
  SuggestionList,
  Task,
  TaskDraft,
  TaskPage,
  TaskPatch,
  User,
  paths,
} from "./types";

/** Which part of a list: at most `limit` items after `cursor`. */
export interface Slice {
  limit: number;
  cursor?: string;
}

interface Outcome<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** What identifies a task and the state of it that a person has seen. */
export type Seen = Pick<Task, "id" | "version">;

export class Api {
  readonly #client: Client<paths>;

  constructor(send: Send, origin: string) {
    this.#client = createClient<paths>({ baseUrl: origin, fetch: send });
  }

  async register(body: Registration): Promise<User> {
    return answer(this.#client.POST("/api/v1/auth/register", { body }));
  }

  /** Logs in; the session is a cookie that scripts can't read. */
  async login(body: Credentials): Promise<void> {
    await answer(this.#client.POST("/api/v1/auth/login", { body }));
  }

  async logout(): Promise<void> {
    await done(this.#client.POST("/api/v1/auth/logout"));
  }

  async me(): Promise<User> {
    return answer(this.#client.GET("/api/v1/auth/me"));
  }

  async changeMe(body: AccountPatch): Promise<User> {
    return answer(this.#client.PATCH("/api/v1/auth/me", { body }));
  }

  async tasks(status: Status, slice: Slice): Promise<TaskPage> {
    const sort = status === "pending" ? "due_date" : "-created_at";
    const query = { status, sort, ...slice } as const;
    return answer(this.#client.GET("/api/v1/tasks", { params: { query } }));
  }

  async trash(slice: Slice): Promise<TaskPage> {
    const query = { status: "deleted", ...slice } as const;
    return answer(this.#client.GET("/api/v1/tasks", { params: { query } }));
  }

  async task(id: string): Promise<Task> {
    const params = { path: { task_id: id } };
    return answer(this.#client.GET("/api/v1/tasks/{task_id}", { params }));
  }

  async create(body: TaskDraft, key: string): Promise<Task> {
    const params = { header: { "Idempotency-Key": key } };
    return answer(this.#client.POST("/api/v1/tasks", { body, params }));
  }

  async quickAdd(body: QuickLine, key: string): Promise<QuickAdded> {
    const params = { header: { "Idempotency-Key": key } };
    return answer(this.#client.POST("/api/v1/tasks/quick-add", { body, params }));
  }

  async previewQuickAdd(body: QuickLine): Promise<QuickPreview> {
    return answer(this.#client.POST("/api/v1/tasks/quick-add/preview", { body }));
  }

  async change(seen: Seen, body: TaskPatch): Promise<Task> {
    return answer(this.#client.PATCH("/api/v1/tasks/{task_id}", { ...on(seen), body }));
  }

  async complete(seen: Seen): Promise<Task> {
    const options = { ...on(seen), body: {} };
    return answer(this.#client.POST("/api/v1/tasks/{task_id}/complete", options));
  }

  async reopen(seen: Seen): Promise<Task> {
    return answer(this.#client.POST("/api/v1/tasks/{task_id}/reopen", on(seen)));
  }

  async remove(seen: Seen): Promise<void> {
    await done(this.#client.DELETE("/api/v1/tasks/{task_id}", on(seen)));
  }

  async restore(id: string): Promise<Task> {
    const params = { path: { task_id: id } };
    return answer(this.#client.POST("/api/v1/tasks/{task_id}/restore", { params }));
  }

  async suggestions(): Promise<SuggestionList> {
    return answer(this.#client.GET("/api/v1/recurring/suggestions"));
  }

  /** Makes the series; answers its first task, the same one however often it is sent. */
  async acceptSuggestion(id: string): Promise<Task> {
    const params = { path: { suggestion_id: id } };
    const path = "/api/v1/recurring/suggestions/{suggestion_id}/accept";
    return answer(this.#client.POST(path, { params }));
  }

  async dismissSuggestion(id: string): Promise<void> {
    const params = { path: { suggestion_id: id } };
    const path = "/api/v1/recurring/suggestions/{suggestion_id}/dismiss";
    await done(this.#client.POST(path, { params }));
  }

  async notifications(slice: Slice): Promise<NotificationPage> {
    return answer(this.#client.GET("/api/v1/notifications", { params: { query: slice } }));
  }

  async markRead(id: Notification["id"]): Promise<void> {
    // In an address a number and its text are the same.
    const params = { path: { notification_id: id as number } };
    // It goes through although somebody leaves the page meanwhile.
    const options = { params, keepalive: true };
    await done(this.#client.POST("/api/v1/notifications/{notification_id}/read", options));
  }

  async markAllRead(): Promise<void> {
    await done(this.#client.POST("/api/v1/notifications/read-all"));
  }
}

/** A guarded write: it names the task and the version seen. */
function on(seen: Seen): {
  params: { path: { task_id: string } };
  headers: Record<string, string>;
} {
  return {
    params: { path: { task_id: seen.id } },
    headers: { "If-Match": `"${seen.version}"` },
  };
}

/** The body of an answer; throws ApiError. */
export async function answer<T>(call: Promise<Outcome<T>>): Promise<T> {
  const { data, response } = await done(call);
  if (data === undefined) throw ApiError.of(response, null);
  return data;
}

/** The outcome of a call that succeeded; throws ApiError. */
export async function done<T>(call: Promise<Outcome<T>>): Promise<Outcome<T>> {
  const outcome = await call.catch((cause: unknown) => {
    throw ApiError.unreachable(cause);
  });
  if (!outcome.response.ok) throw ApiError.of(outcome.response, outcome.error);
  return outcome;
}

/**
 * The shapes of the HTTP contract that the page uses. The rest of the page takes them from here and
 * from nowhere else, so that where they come from is decided in this file alone.
 */

export type Priority = "low" | "medium" | "high" | "urgent";
export type Status = "pending" | "completed";

export interface User {
  id: string;
  email: string;
  name: string;
  timezone: string;
  role: string;
}

export interface Credentials {
  email: string;
  password: string;
}

export interface Registration extends Credentials {
  name: string;
  timezone?: string;
}

/** How a task repeats; `rule` is an RRULE (RFC 5545), short forms are accepted on the way in. */
export interface Recurrence {
  rule: string;
  mode?: "schedule" | "completion";
  until?: string | null;
  count?: number | null;
  month_end?: "clamp" | "skip";
}

/** One of the two: an ISO 8601 duration before the due date, or an instant. */
export interface Reminder {
  offset?: string | null;
  at?: string | null;
}

export interface TaskDraft {
  title: string;
  description?: string;
  priority?: Priority;
  due_date?: string;
  recurrence?: Recurrence;
  reminders?: Reminder[];
}

/** A task; `due_date` is a plain date when `all_day` is set, else an instant in UTC. */
export interface Task {
  id: string;
  title: string;
  description: string;
  status: Status;
  priority: Priority;
  tags: string[];
  due_date: string | null;
  all_day: boolean;
  timezone: string;
  recurrence: Recurrence | null;
  reminders: Reminder[];
  series_id: string | null;
  occurrence_date: string | null;
  version: number;
  created_at: string;
  updated_at: string;
  completed_at: string | null;
  deleted_at?: string | null;
}

export interface TaskPage {
  items: Task[];
  next_cursor: string | null;
}

export interface Notification {
  id: string;
  event_type: string;
  task_id: string;
  title: string;
  body: string;
  version: number;
  created_at: string;
  read_at?: string | null;
}

export interface NotificationPage {
  items: Notification[];
  unread: number;
  next_cursor: string | null;
}

/** RFC 9457 problem details, with `errors` for the fields that are wrong. */
export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  errors?: { field: string; message: string }[];
}

interface Json<T> {
  content: { "application/json": T };
}
interface Answers<T> {
  responses: { 200: Json<T>; default: { content: { "application/problem+json": Problem } } };
}
interface NoContent {
  responses: { 204: { content?: never } };
}
interface Sends<T> {
  requestBody: Json<T>;
}
interface Names<Parameter extends string> {
  parameters: { path: Record<Parameter, string> };
}
interface Asks<Query> {
  parameters: { query?: Query };
}
interface TaskQuery {
  status?: Status;
  sort?: string;
  limit?: number;
  cursor?: string;
}
interface NotificationQuery {
  unread?: boolean;
  limit?: number;
  cursor?: string;
}

/** The calls, in the form in which openapi-typescript writes them. */
export interface paths {
  "/api/v1/auth/register": { post: Sends<Registration> & Answers<User> };
  "/api/v1/auth/login": { post: Sends<Credentials> & Answers<object> };
  "/api/v1/auth/logout": { post: NoContent };
  "/api/v1/auth/me": { get: Answers<User> };
  "/api/v1/tasks": {
    get: Asks<TaskQuery> & Answers<TaskPage>;
    post: Sends<TaskDraft> & Answers<Task>;
  };
  "/api/v1/tasks/{task_id}": {
    get: Names<"task_id"> & Answers<Task>;
    delete: Names<"task_id"> & NoContent;
  };
  "/api/v1/tasks/{task_id}/complete": { post: Sends<object> & Names<"task_id"> & Answers<Task> };
  "/api/v1/tasks/{task_id}/reopen": { post: Names<"task_id"> & Answers<Task> };
  "/api/v1/tasks/{task_id}/restore": { post: Names<"task_id"> & Answers<Task> };
  "/api/v1/notifications": { get: Asks<NotificationQuery> & Answers<NotificationPage> };
  "/api/v1/notifications/{notification_id}/read": {
    post: Names<"notification_id"> & Answers<object>;
  };
  "/api/v1/notifications/read-all": { post: Answers<object> };
}

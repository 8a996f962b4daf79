/** What a frame of the notification stream says, once it has been looked at. */
import type { Reminded, Task } from "../api/types";
import type { SseFrame } from "./sse";

export interface LiveEvent {
  id: string;
  event_type: string;
  task_id: string;
  title: string;
  body: string;
  /** The whole task after the change; before it, for a deletion. */
  task: Task | null;
  version: number;
  created_at: string;
  /** The reminder that it tells of, if it tells of one. */
  reminder: Reminded | null;
  /** How many older, unsent events this one replaced. */
  merged: number;
  /** The person wants no notice of it: it changes what is shown and nothing else. */
  silent: boolean;
}

type Fields = Record<string, unknown>;

/** The event in a frame, or `null` if it holds none that can be read. */
export function readEvent(frame: SseFrame): LiveEvent | null {
  const fields = readFields(frame.data);
  if (!fields || typeof fields.task_id !== "string" || !isVersion(fields.version)) return null;
  return {
    id: text(fields.id),
    event_type: text(fields.event_type) || frame.event,
    task_id: fields.task_id,
    title: text(fields.title),
    body: text(fields.body),
    task: isTask(fields.task) ? fields.task : null,
    version: fields.version,
    created_at: text(fields.created_at),
    reminder: readReminder(fields.reminder),
    merged: isVersion(fields.merged) ? fields.merged : 0,
    silent: fields.silent === true,
  };
}

/** The position that a frame of the stream itself (`ready`, `resync`) tells, if it does. */
export function readPosition(frame: SseFrame): number | null {
  const position = readFields(frame.data)?.position;
  return typeof position === "number" && Number.isSafeInteger(position) ? position : null;
}

function readFields(data: string): Fields | null {
  try {
    const value: unknown = JSON.parse(data);
    return isFields(value) ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isVersion(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function isTask(value: unknown): value is Task {
  if (!isFields(value)) return false;
  return (
    typeof value.id === "string" && typeof value.title === "string" && isVersion(value.version)
  );
}

function readReminder(value: unknown): Reminded | null {
  if (!isFields(value) || typeof value.id !== "string") return null;
  const { id, fire_at, late_by_seconds, digest } = value;
  const late = isVersion(late_by_seconds) ? late_by_seconds : 0;
  const known = { id, fire_at: text(fire_at), late_by_seconds: late };
  return isDigest(digest) ? { ...known, digest } : known;
}

function isDigest(value: unknown): value is NonNullable<Reminded["digest"]> {
  return (
    isFields(value) &&
    typeof value.id === "string" &&
    isVersion(value.place) &&
    typeof value.missed === "number"
  );
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

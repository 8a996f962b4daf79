/**
 * What the page knows of the tasks, and how it changes. All pure.
 *
 * Events may come in any order, twice, or beside answers of the API that say the same: what has the
 * higher version wins, and a deletion leaves a tombstone that only a higher version undoes. So any
 * order of the same events ends in the same state.
 */
import type { Task } from "../api/types";

export interface LiveTasks {
  readonly tasks: Readonly<Record<string, Task>>;
  /** By id, the version at which a task went away. */
  readonly tombstones: Readonly<Record<string, number>>;
}

/** The part of an event that matters here; an event of the bus has it just as a frame does. */
export interface Change {
  event_type: string;
  task_id: string;
  version: number;
  task: Task | null;
}

export const EMPTY: LiveTasks = { tasks: {}, tombstones: {} };

const WRITES: ReadonlySet<string> = new Set(["task.created", "task.updated", "task.completed"]);

/** The state after an event. What is old, or of an unknown type, returns the same state. */
export function apply(state: LiveTasks, event: Change): LiveTasks {
  if (event.event_type === "task.deleted") return bury(state, event.task_id, event.version);
  if (!WRITES.has(event.event_type) || event.task === null) return state;
  return put(state, event.task);
}

/** The state with a task as the server has just told it, unless something newer is known. */
export function put(state: LiveTasks, task: Task): LiveTasks {
  if (task.deleted_at) return bury(state, task.id, task.version);
  if (task.version <= knownVersion(state, task.id)) return state;
  return {
    tasks: { ...state.tasks, [task.id]: task },
    tombstones: without(state.tombstones, task.id),
  };
}

/** The state in which a task went away at a version, unless something newer is known. */
export function bury(state: LiveTasks, id: string, version: number): LiveTasks {
  if (version <= knownVersion(state, id)) return state;
  return {
    tasks: without(state.tasks, id),
    tombstones: { ...state.tombstones, [id]: version },
  };
}

/**
 * The state after a fresh list.
 *
 * A task that was known when the list was asked for (`before`), has not changed since and is not in
 * the list is forgotten, without a tombstone: it may stand on a page that was not fetched.
 */
export function replace(state: LiveTasks, before: LiveTasks, fresh: readonly Task[]): LiveTasks {
  const listed = new Set(fresh.map((task) => task.id));
  const isKept = ([id, task]: [string, Task]): boolean =>
    listed.has(id) || before.tasks[id] !== task;
  const tasks = Object.fromEntries(Object.entries(state.tasks).filter(isKept));
  return fresh.reduce(put, { tasks, tombstones: state.tombstones });
}

function knownVersion(state: LiveTasks, id: string): number {
  return Math.max(state.tasks[id]?.version ?? 0, state.tombstones[id] ?? 0);
}

function without<T>(record: Readonly<Record<string, T>>, id: string): Readonly<Record<string, T>> {
  if (!(id in record)) return record;
  const { [id]: _, ...rest } = record;
  return rest;
}

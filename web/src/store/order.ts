/** In which order tasks are shown. */
import type { Task } from "../api/types";

/** Soonest first; what has no due date comes last, the newest of it first. */
export function byDueDate(one: Task, other: Task): number {
  if (one.due_date === null || other.due_date === null) {
    const undated = Number(one.due_date === null) - Number(other.due_date === null);
    return undated || descending(one.id, other.id);
  }
  return Date.parse(one.due_date) - Date.parse(other.due_date) || descending(other.id, one.id);
}

/** The last completed first. */
export function byCompletion(one: Task, other: Task): number {
  const completed = (task: Task): string => task.completed_at ?? task.updated_at;
  return descending(completed(one), completed(other)) || descending(one.id, other.id);
}

/** Ids are UUIDv7, so their order is that of creation. */
function descending(one: string, other: string): number {
  return one < other ? 1 : Number(one > other) * -1;
}

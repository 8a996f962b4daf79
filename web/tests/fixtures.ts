/** Tasks and changes to test with. */
import type { Task } from "../src/api/types";
import type { Change } from "../src/live/apply";

export function aTask(fields: Partial<Task> = {}): Task {
  return {
    id: "019b0000-0000-7000-8000-000000000001",
    user_id: "019b0000-0000-7000-8000-0000000000aa",
    title: "Water the plants",
    description: "",
    status: "pending",
    priority: "medium",
    tags: [],
    due_date: null,
    all_day: false,
    timezone: "Europe/Berlin",
    recurrence: null,
    reminders: [],
    series_id: null,
    occurrence_date: null,
    version: 1,
    created_at: "2026-01-20T08:00:00Z",
    updated_at: "2026-01-20T08:00:00Z",
    completed_at: null,
    deleted_at: null,
    floating: false,
    ...fields,
  };
}

/** The change of the given type that leads to a task. */
export function aChange(event_type: string, fields: Partial<Task> = {}): Change {
  const task = aTask(fields);
  return { event_type, task_id: task.id, version: task.version, task };
}

/** The deletion of a task at a version: its event carries the task as it was before. */
export function aDeletion(version: number, fields: Partial<Task> = {}): Change {
  return { ...aChange("task.deleted", { ...fields, version: version - 1 }), version };
}

/** A life of one task: every kind of change, a deletion undone, another one that stays. */
export function aLife(id: string): Change[] {
  return [
    aChange("task.created", { id, version: 1 }),
    aChange("task.updated", { id, version: 2, title: "Water all plants" }),
    aDeletion(3, { id, title: "Water all plants" }),
    aChange("task.updated", { id, version: 4, title: "Water all plants" }),
    aChange("task.completed", { id, version: 5, status: "completed" }),
  ];
}

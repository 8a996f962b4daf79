/** Tasks and changes to test with. */
import type { Series, SeriesWhole, Statistics, Task } from "../src/api/types";
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
    planned_date: null,
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

export const STATISTICS: Statistics = {
  done: 0,
  on_time: 0,
  late: 0,
  skipped: 0,
  missed: 0,
  deleted: 0,
  open: 1,
  completion_rate: null,
  current_streak: 0,
  longest_streak: 0,
  is_missed_at_least: false,
};

/** A series whose instances the series has at these dates. */
export function aSeries(
  fields: Partial<Series> = {},
  planned: readonly (string | null)[] = [],
): SeriesWhole {
  const recurrence = { rule: "FREQ=DAILY", mode: "schedule", month_end: "skip" } as const;
  const series: Series = {
    id: "s",
    recurrence: { ...recurrence, until: null, count: null },
    text: "every day",
    timezone: "Europe/Berlin",
    all_day: false,
    status: "active",
    title: "Water the plants",
    version: 1,
    paused_at: null,
    next: [],
    ...fields,
  };
  const instances = planned.map((planned_date, at) => ({
    task_id: String(at),
    title: series.title,
    occurrence_date: null,
    status: "open" as const,
    completed_at: null,
    due_date: planned_date,
    planned_date,
    timing: null,
    missed_before: 0,
    is_missed_at_least: false,
  }));
  return { series, instances, statistics: STATISTICS };
}

/** Open tasks under the headings that a person plans by. */
import type { Task } from "../api/types";
import { daysBetween, dueDate, isOverdue } from "../ui/dates";

export interface AgendaGroup {
  name: string;
  tasks: Task[];
}

const NAMES = ["Overdue", "Today", "Upcoming", "No date"] as const;

/** The groups that have tasks, in order; the order within a group stays. */
export function agenda(tasks: readonly Task[], now: Date): AgendaGroup[] {
  return NAMES.map((name) => ({
    name,
    tasks: tasks.filter((task) => nameOf(task, now) === name),
  })).filter((group) => group.tasks.length > 0);
}

function nameOf(task: Task, now: Date): (typeof NAMES)[number] {
  const due = dueDate(task);
  if (due === null) return "No date";
  if (isOverdue(task, now)) return "Overdue";
  return daysBetween(now, due) === 0 ? "Today" : "Upcoming";
}

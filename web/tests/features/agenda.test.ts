import { describe, expect, it } from "vitest";
import { agenda } from "../../src/features/agenda";
import { aTask } from "../fixtures";

const NOW = new Date(2026, 2, 4, 12);

function due(id: string, ...moment: [number, number, number, number]): ReturnType<typeof aTask> {
  return aTask({ id, due_date: new Date(...moment).toISOString() });
}

describe("the agenda", () => {
  it("puts open tasks under overdue, today, upcoming and no date, in the order given", () => {
    const tasks = [
      due("late", 2026, 2, 4, 11),
      due("later", 2026, 2, 3, 23),
      due("tonight", 2026, 2, 4, 23),
      aTask({ id: "all day", due_date: "2026-03-04", all_day: true }),
      aTask({ id: "missed", due_date: "2026-03-03", all_day: true }),
      due("tomorrow", 2026, 2, 5, 0),
      aTask({ id: "some day" }),
    ];
    expect(
      agenda(tasks, NOW).map(({ name, tasks: of }) => [name, of.map((task) => task.id)]),
    ).toEqual([
      ["Overdue", ["late", "later", "missed"]],
      ["Today", ["tonight", "all day"]],
      ["Upcoming", ["tomorrow"]],
      ["No date", ["some day"]],
    ]);
  });

  it("leaves out what is empty", () => {
    expect(agenda([], NOW)).toEqual([]);
  });
});

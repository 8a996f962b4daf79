import { describe, expect, it } from "vitest";
import { byCompletion, byDueDate } from "../../src/store/order";
import { aTask } from "../fixtures";

describe("the order", () => {
  it("of open tasks is by due date, then what has none, the newest first", () => {
    const tasks = [
      aTask({ id: "1" }),
      aTask({ id: "2" }),
      aTask({ id: "3", due_date: "2026-01-25T08:00:00Z" }),
      aTask({ id: "4", due_date: "2026-01-24T23:00:00+01:00" }),
      aTask({ id: "5", due_date: "2026-01-25T08:00:00Z" }),
    ];
    expect(tasks.sort(byDueDate).map((task) => task.id)).toEqual(["4", "3", "5", "2", "1"]);
  });

  it("of completed tasks is by when they were done, the last first", () => {
    const tasks = [
      aTask({ id: "1", completed_at: "2026-01-24T08:00:00Z" }),
      aTask({ id: "2", completed_at: "2026-01-25T08:00:00Z" }),
      aTask({ id: "3", completed_at: "2026-01-24T08:00:00Z" }),
    ];
    expect(tasks.sort(byCompletion).map((task) => task.id)).toEqual(["2", "3", "1"]);
  });
});

import { describe, expect, it } from "vitest";
import {
  daysBetween,
  doneText,
  dueText,
  isOverdue,
  momentText,
  toInstant,
} from "../../src/ui/dates";
import { aTask } from "../fixtures";

const NOW = new Date(2026, 2, 4, 12);

function due(...moment: [number, number, number, number, number]): ReturnType<typeof aTask> {
  return aTask({ due_date: new Date(...moment).toISOString() });
}

describe("a time", () => {
  it("is written as an instant, nothing and nonsense as none", () => {
    expect(toInstant("2026-03-02T09:00")).toBe(new Date(2026, 2, 2, 9).toISOString());
    expect([toInstant(""), toInstant("soon")]).toEqual([null, null]);
  });

  it("is read by the day: near ones by name, far ones with their year", () => {
    const texts = [
      due(2026, 2, 3, 9, 5),
      due(2026, 2, 4, 9, 5),
      due(2026, 2, 5, 9, 5),
      due(2026, 2, 7, 9, 5),
      due(2027, 2, 7, 9, 5),
    ].map((task) => dueText(task, NOW, "en-GB"));
    expect(texts.slice(0, 3)).toEqual(["Yesterday, 9:05", "Today, 9:05", "Tomorrow, 9:05"]);
    // Where commas go differs between versions of the language data.
    expect(texts[3]).toMatch(/^Sat,? 7 Mar, 9:05$/);
    expect(texts[4]).toMatch(/^Sun,? 7 Mar 2027, 9:05$/);
  });

  it("of what is done is when that was", () => {
    const completed_at = new Date(2026, 2, 3, 9, 5).toISOString();
    const task = aTask({ due_date: "2026-03-05", all_day: true, completed_at });
    expect(doneText(task, NOW, "en-GB")).toBe("Done: Yesterday, 9:05");
    expect(doneText(aTask(), NOW)).toBe("");
  });

  it("of a whole day has no hour, and no date no text", () => {
    expect(dueText(aTask({ due_date: "2026-03-04", all_day: true }), NOW)).toBe("Today");
    expect(dueText(aTask(), NOW)).toBe("");
  });

  it("of a notice is the hour today and the day before that", () => {
    expect(momentText(new Date(2026, 2, 4, 9, 5).toISOString(), NOW, "en-GB")).toBe("9:05");
    expect(momentText(new Date(2026, 2, 3, 9, 5).toISOString(), NOW, "en-GB")).toBe("Yesterday");
  });

  it("is overdue when an open task's has passed; a whole day lasts to its end", () => {
    expect(isOverdue(due(2026, 2, 4, 11, 59), NOW)).toBe(true);
    expect(isOverdue(due(2026, 2, 4, 12, 1), NOW)).toBe(false);
    expect(isOverdue({ ...due(2026, 2, 4, 11, 59), status: "completed" }, NOW)).toBe(false);
    expect(isOverdue(aTask({ due_date: "2026-03-04", all_day: true }), NOW)).toBe(false);
    expect(isOverdue(aTask({ due_date: "2026-03-03", all_day: true }), NOW)).toBe(true);
    expect(isOverdue(aTask(), NOW)).toBe(false);
  });

  it("counts days by midnights, also where a clock change makes them shorter or longer", () => {
    expect(daysBetween(new Date(2026, 2, 28, 23, 59), new Date(2026, 2, 30, 0, 1))).toBe(2);
    expect(daysBetween(new Date(2026, 9, 26, 0, 1), new Date(2026, 9, 24, 23, 59))).toBe(-2);
  });
});

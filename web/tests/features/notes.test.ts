import { describe, expect, it } from "vitest";
import type { Notification } from "../../src/api/types";
import { answerable, entries, lateText, lengthText, missedText } from "../../src/features/notes";

const NOW = new Date(2026, 0, 20, 9);
const MEANT = new Date(2026, 0, 20, 8, 5).toISOString();

function note(id: number, place = 0, missed = 0, reminder_id = `r${id}`): Notification {
  const digest = { id: "d", place, missed };
  const reminder = { id: reminder_id, fire_at: MEANT, late_by_seconds: 720 };
  return {
    id,
    event_type: "reminder.triggered",
    task_id: "t",
    title: "",
    body: "",
    version: 1,
    created_at: "",
    read_at: null,
    reminder: place > 0 ? { ...reminder, digest } : reminder,
  };
}

describe("the notifications", () => {
  it("stand one by one, and what was missed together as one that has its members", () => {
    const items = [note(5), note(4, 3, 7), note(3), note(2, 2, 5), note(1, 1, 5)];
    const lines = entries(items).map(({ item, members, missed }) => [
      item.id,
      members.map((member) => member.id),
      missed,
    ]);
    expect(lines).toEqual([
      [5, [], 0],
      [4, [4, 2, 1], 7],
      [3, [], 0],
    ]);
  });

  it("of a digest of one stand by themselves", () => {
    expect(entries([note(1, 1, 1)]).map((entry) => entry.missed)).toEqual([0]);
  });

  it("keep their place while more of a digest comes", () => {
    const before = entries([note(1, 1, 3)]).map(({ key }) => key);
    expect(entries([note(2, 2, 3), note(1, 1, 3)]).map(({ key }) => key)).toEqual(before);
  });

  it("are answered where they speak last of their reminder", () => {
    const items = [note(3, 0, 0, "r"), note(2, 0, 0, "r"), note(1)];
    expect([...answerable(items)].map((item) => item.id)).toEqual([3, 1]);
  });
});

describe("lateness", () => {
  it("is told with its reason and the time that was meant", () => {
    const [first] = [note(1)];
    const said = first.reminder ? lateText(first.reminder, NOW) : "";
    expect(said).toMatch(
      /^12 minutes late: TaskFlow was off or too busy at its time \(Today, .*\)/,
    );
    expect(lateText({ id: "r", fire_at: MEANT, late_by_seconds: 59 }, NOW)).toBe("");
    expect(missedText([note(1, 1, 2)], NOW)).toContain("the first of them: Today");
  });

  it("has its two largest units, and none that is nothing", () => {
    const lengths = [1, 59, 60, 150, 3600, 3900, 90_000, 172_800];
    expect(lengths.map(lengthText)).toEqual([
      "1 second",
      "59 seconds",
      "1 minute",
      "2 minutes",
      "1 hour",
      "1 hour 5 minutes",
      "1 day 1 hour",
      "2 days",
    ]);
  });
});

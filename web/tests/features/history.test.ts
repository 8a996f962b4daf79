import { describe, expect, it } from "vitest";
import type { HistoryItem } from "../../src/api/types";
import {
  blanksBefore,
  dueOf,
  entriesText,
  monthAfter,
  outcomeText,
  reasonsOf,
  statisticsText,
  toCome,
} from "../../src/features/history";
import { aSeries, STATISTICS } from "../fixtures";

const NOW = new Date(2026, 2, 4, 12);
const item: HistoryItem = {
  status: "done",
  count: 1,
  task_id: "a",
  title: "Rent",
  occurrence_date: null,
  due_date: "2026-02-28",
  planned_date: null,
  completed_at: new Date(2026, 2, 1, 8).toISOString(),
  timing: "late",
  is_at_least: false,
  reason: null,
};

describe("the history of a series", () => {
  it("tells how well it was kept", () => {
    expect(statisticsText(STATISTICS)).toBe("Nothing of it has been done or missed yet.");
    const kept = { done: 8, skipped: 1, missed: 2, completion_rate: 0.8 };
    const streaks = { current_streak: 3, longest_streak: 5 };
    expect(statisticsText({ ...STATISTICS, ...kept, ...streaks })).toBe(
      "8 of 10 done (80 %); 3 in a row now, 5 at best.",
    );
    const uncounted = { ...STATISTICS, ...kept, ...streaks, is_missed_at_least: true };
    expect(statisticsText(uncounted)).toContain("8 of at least 10 done");
  });

  it("tells what became of each", () => {
    expect(dueOf(item, NOW, "en-GB")).toBe("Sat 28 Feb");
    expect(outcomeText(item, NOW, "en-GB")).toBe("done late, Sun 1 Mar");
    const none = { ...item, completed_at: null, timing: null };
    expect(outcomeText({ ...none, status: "missed", count: 3 }, NOW)).toBe("3 missed");
    const uncounted = { ...none, status: "missed", count: 5000, is_at_least: true } as const;
    expect(outcomeText(uncounted, NOW)).toBe("at least 5000 missed");
    expect(outcomeText({ ...uncounted, count: 0 }, NOW)).toBe("some may have been missed");
    expect(outcomeText({ ...none, status: "skipped" }, NOW)).toBe("skipped");
  });
});

describe("what comes next", () => {
  it("is nothing that has its task already, however its time is written", () => {
    const next = [{ at: "2026-03-27T17:00:00+01:00" }, { at: "2026-04-24T17:00:00+02:00" }];
    expect(toCome(aSeries({ next }, ["2026-03-27T16:00:00Z"]))).toEqual(next.slice(1));
    expect(toCome(aSeries({ next: [{ at: "2026-03-27" }] }, [null]))).toHaveLength(1);
  });
});

describe("the month of a series", () => {
  it("follows another over the turn of the year", () => {
    expect([monthAfter("2026-12", 1), monthAfter("2026-01", -1)]).toEqual(["2027-01", "2025-12"]);
  });

  it("begins its weeks on Monday", () => {
    expect([blanksBefore("2026-03-01"), blanksBefore("2026-06-01")]).toEqual([6, 0]);
  });

  it("says what stands on a day, and why where that is not plain", () => {
    expect(
      entriesText([
        { at: "2026-02-28", status: "done" },
        { at: "2026-02-28", status: "planned", reason: "its last day is meant" },
      ]),
    ).toBe("done, planned: its last day is meant");
  });

  it("tell each reason of a day once, and nothing of plain days", () => {
    const at = "2026-02-28";
    const reason = "its last day is meant";
    const days = [
      { date: "2026-02-27", entries: [{ at: "2026-02-27", status: "done" as const }] },
      { date: at, entries: [1, 2].map(() => ({ at, status: "planned" as const, reason })) },
    ];
    expect(reasonsOf({ month: "2026-02", timezone: "UTC", days })).toEqual([
      { date: at, text: reason },
    ]);
  });
});

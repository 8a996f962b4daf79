import { describe, expect, it } from "vitest";
import type { ReminderState } from "../../src/api/types";
import {
  EMPTY_REMINDER,
  durationText,
  nagText,
  planned,
  standingText,
  timeText,
  toReminder,
} from "../../src/features/planned";

const NOW = new Date(2026, 0, 20, 9);
const AT = new Date(2026, 0, 20, 8, 5).toISOString();

function aState(fields: Partial<ReminderState> = {}): ReminderState {
  return {
    id: "r",
    task_id: "t",
    offset: "PT1H",
    at: null,
    fire_at: AT,
    status: "pending",
    reason: null,
    fired_at: null,
    late_by_seconds: null,
    seen_at: null,
    nag_every_seconds: null,
    nag_times: null,
    nag_done: 0,
    ...fields,
  };
}

describe("the reminders of a task", () => {
  it("stand with what became of them, however the instant is written", () => {
    const byTime = aState({ id: "s", offset: null, at: "2026-01-20T08:05:00+00:00" });
    const { present } = planned(
      [
        { offset: "PT1H", at: null, nag: null },
        { offset: null, at: "2026-01-20T08:05:00Z", nag: null },
        { offset: "P1D", at: null, nag: null },
      ],
      [aState(), byTime],
    );
    expect(present.map(({ state }) => state?.id)).toEqual(["r", "s", undefined]);
  });

  it("that are wanted no more stay where they have come, and go where they have not", () => {
    const came = aState({ id: "came", status: "sent", fired_at: AT });
    const { earlier } = planned([], [came, aState({ id: "never", status: "cancelled" })]);
    expect(earlier.map(({ key }) => key)).toEqual(["came"]);
  });
});

describe("words for reminders", () => {
  it("say when they come", () => {
    expect(timeText({ offset: "PT1H", at: null }, NOW)).toBe("1 hour before it is due");
    expect(timeText({ offset: "PT0S", at: null }, NOW)).toBe("When it is due");
    expect(timeText({ offset: null, at: AT }, NOW)).toMatch(/^Today, /);
    expect(durationText("P1W2DT3H4M5S")).toBe("1 week 2 days 3 hours 4 minutes 5 seconds");
    expect(nagText({ every: "PT10M", times: 5 })).toContain("every 10 minutes");
    expect(nagText({ every: "PT1M", times: 1 })).toBe(
      "then every minute until you react, once at most",
    );
    expect(nagText(null)).toBe("");
  });

  it("say where they stand", () => {
    const sent = aState({ status: "sent", fired_at: AT, late_by_seconds: 720 });
    const said = [
      undefined,
      aState(),
      sent,
      aState({ ...sent, seen_at: AT }),
      aState({ ...sent, status: "acknowledged" }),
      aState({ ...sent, status: "pending" }),
      aState({ status: "cancelled", reason: "its time had already passed" }),
    ].map((state) => standingText(state, NOW));
    const parts = [
      "Being planned",
      "Comes: Today",
      "12 minutes late. Nobody has seen it",
      "You saw it Today",
      "You are done with it",
      "It comes again: Today",
      "Does not come: its time had already passed.",
    ];
    parts.forEach((part, at) => {
      expect(said[at]).toContain(part);
    });
  });
});

describe("the form of a new reminder", () => {
  it("counts back from the due date", () => {
    const units = ["minutes", "hours", "days", "weeks"] as const;
    const made = units.map((unit) => toReminder({ ...EMPTY_REMINDER, amount: 2, unit }).offset);
    expect(made).toEqual(["PT2M", "PT2H", "P2D", "P14D"]);
    expect(toReminder({ ...EMPTY_REMINDER, amount: 0, unit: "weeks" })).toEqual({ offset: "PT0S" });
  });

  it("names a time, and goes on where it is asked to", () => {
    const form = {
      ...EMPTY_REMINDER,
      when: "at",
      at: "2026-01-20T10:00",
      isNagging: true,
    } as const;
    expect(toReminder(form)).toEqual({
      at: new Date(2026, 0, 20, 10).toISOString(),
      nag: { every: "PT10M", times: 5 },
    });
  });
});

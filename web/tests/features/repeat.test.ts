import { describe, expect, it } from "vitest";
import { type Repeat, type RepeatChoice, plainText, toRecurrence } from "../../src/features/repeat";

const MONDAY = new Date(2026, 2, 2, 9);
const SUNDAY = new Date(2026, 2, 1, 9);

function choice(repeat: Repeat, weekdays: string[] = []): RepeatChoice {
  return { repeat, weekdays, everyDays: 3, phrase: " every last friday " };
}

describe("a choice of repetition", () => {
  it("becomes the short form of the API", () => {
    const rules = (["never", "daily", "weekly", "monthly", "yearly", "custom"] as const).map(
      (repeat) => toRecurrence(choice(repeat), MONDAY)?.rule,
    );
    expect(rules).toEqual([undefined, "daily", "weekly:MON", "monthly:2", "yearly", "custom:3d"]);
  });

  it("is a phrase where the person says it in words", () => {
    expect(toRecurrence(choice("phrase"), MONDAY)).toEqual({ text: "every last friday" });
  });

  it("takes the weekday of the start where none is chosen, and any order of those that are", () => {
    expect(toRecurrence(choice("weekly"), SUNDAY)?.rule).toBe("weekly:SUN");
    expect(toRecurrence(choice("weekly", ["FRI", "MON"]), SUNDAY)?.rule).toBe("weekly:MON,FRI");
  });
});

describe("a rule in words", () => {
  const whole = { mode: "schedule", until: null, count: null, month_end: "skip" } as const;

  it.each([
    ["FREQ=DAILY", "Every day"],
    ["FREQ=DAILY;INTERVAL=3", "Every 3 days"],
    ["FREQ=WEEKLY;BYDAY=MO,FR", "Every week on Mon, Fri"],
    ["FREQ=HOURLY;INTERVAL=6", "Every 6 hours"],
    ["FREQ=MONTHLY;BYDAY=-1FR", undefined],
    ["FREQ=MONTHLY;BYDAY=FR", undefined],
    ["FREQ=DAILY;BYHOUR=9;BYMINUTE=0", undefined],
    ["something else", undefined],
  ])("%s reads %s", (rule, words) => {
    expect(plainText({ ...whole, rule })).toBe(words);
  });

  it.each([{ mode: "completion" }, { until: "2026-03-02" }, { count: 3 }] as const)(
    "is not plain with %o",
    (finer) => {
      expect(plainText({ ...whole, rule: "FREQ=DAILY", ...finer })).toBeUndefined();
    },
  );
});

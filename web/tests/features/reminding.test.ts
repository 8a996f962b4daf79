import { describe, expect, it } from "vitest";
import { reminderText } from "../../src/features/reminding";

describe("a reminder in words", () => {
  it.each([
    ["PT0S", "When it is due"],
    ["PT1H", "1 hour before"],
    ["P1DT2H30M", "1 day 2 hours 30 minutes before"],
    ["P2W", "2 weeks before"],
  ])("%s reads %s", (offset, words) => {
    expect(reminderText({ offset })).toBe(words);
  });

  it("tells the moment, and how often it repeats itself", () => {
    const at = new Date(2026, 2, 2, 9).toISOString();
    expect(reminderText({ at, nag: { every: "PT10M", times: 3 } }, "en-GB")).toBe(
      "2 Mar 2026, 09:00, then every 10 minutes",
    );
  });
});

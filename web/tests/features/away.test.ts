import { describe, expect, it } from "vitest";
import { awayText } from "../../src/features/away";

describe("what is told of what is away", () => {
  it("is nothing while all is there, also before the stream is", () => {
    expect(awayText("live", [])).toBe("");
    expect(awayText("connecting", [])).toBe("");
  });

  it("names the parts, and says less where nothing answers", () => {
    expect(awayText("live", ["tasks", "series"])).toMatch(
      /^Not available right now: tasks, series\./,
    );
    expect(awayText("offline", ["tasks"])).toMatch(/^TaskFlow can't be reached\./);
  });
});

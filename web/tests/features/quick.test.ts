import { describe, expect, it } from "vitest";
import { pieces } from "../../src/features/quick";

describe("the pieces of a line", () => {
  it("are what was understood and what lies between", () => {
    const spans = [
      { start: 4, end: 12, kind: "due", text: "tomorrow" },
      { start: 13, end: 18, kind: "tag", text: "#home" },
    ];
    expect(pieces("tea tomorrow #home", spans)).toEqual([
      { text: "tea " },
      { text: "tomorrow", kind: "due" },
      { text: " " },
      { text: "#home", kind: "tag" },
    ]);
  });

  it("count letters of two units as one", () => {
    const spans = [{ start: 2, end: 7, kind: "due", text: "today" }];
    expect(pieces("🌱 today 🌱", spans)).toEqual([
      { text: "🌱 " },
      { text: "today", kind: "due" },
      { text: " 🌱" },
    ]);
  });

  it("are the line itself where nothing was understood", () => {
    expect(pieces("tea", [])).toEqual([{ text: "tea" }]);
    expect(pieces("", [])).toEqual([]);
  });
});

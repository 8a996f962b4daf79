import { describe, expect, it } from "vitest";
import { checklist, toggled } from "../../src/features/checklist";

const NOTES =
  "For the trip:\n- [ ] tickets\n  1. [x] passport\n```\n- [ ] code\n```\n> - [X] map\n- []";

describe("the checklist in the notes", () => {
  it("has the items of Markdown's task lists, but none of a block of code", () => {
    expect(checklist(NOTES).map(({ text, isDone }) => [text, isDone])).toEqual([
      ["tickets", false],
      ["passport", true],
      ["map", true],
    ]);
    expect(checklist("nothing")).toEqual([]);
  });

  it("turns one item round and leaves the rest as it is", () => {
    const [tickets, passport] = checklist(NOTES);
    expect(tickets && toggled(NOTES, tickets)).toBe(NOTES.replace("[ ] tickets", "[x] tickets"));
    expect(passport && toggled(NOTES, passport)).toBe(NOTES.replace("[x]", "[ ]"));
  });
});

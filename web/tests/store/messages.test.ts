import { describe, expect, it } from "vitest";
import { Messages } from "../../src/store/messages.svelte";

describe("the messages", () => {
  it("show the newest three, each text once", () => {
    const messages = new Messages();
    messages.note("a");
    messages.note("b");
    messages.error("c");
    messages.note("b");
    messages.note("d");
    expect(messages.list.map(({ kind, text }) => [kind, text])).toEqual([
      ["error", "c"],
      ["note", "b"],
      ["note", "d"],
    ]);
  });

  it("go when they are dismissed", () => {
    const messages = new Messages();
    messages.note("a");
    messages.note("b");
    messages.dismiss(messages.list[0]?.id ?? 0);
    expect(messages.list.map(({ text }) => text)).toEqual(["b"]);
  });

  it("make no room while somebody is at them, and stay where they are", () => {
    const messages = new Messages();
    messages.note("a");
    messages.isHeld = true;
    const before = messages.list[0];
    for (const text of ["b", "c", "d", "a"]) messages.note(text);
    expect(messages.list.map(({ text }) => text)).toEqual(["a", "b", "c", "d"]);
    expect(messages.list[0]?.id).toBe(before?.id);
    messages.isHeld = false;
    expect(messages.list.map(({ text }) => text)).toEqual(["b", "c", "d"]);
  });

  it("are withdrawn by what they say", () => {
    const messages = new Messages();
    messages.note("a");
    messages.note("b");
    messages.withdraw("a");
    expect(messages.list.map(({ text }) => text)).toEqual(["b"]);
  });
});

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
});

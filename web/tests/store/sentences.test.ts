import { describe, expect, it, vi } from "vitest";
import { SeriesApi } from "../../src/api/series";
import { Sentences } from "../../src/store/sentences.svelte";
import { aTask } from "../fixtures";
import { ORIGIN, Server, json, problem } from "../server";

const ROUTE = "POST /recurring/preview";
const recurrence = {
  rule: "FREQ=MONTHLY;BYDAY=-1FR",
  mode: "schedule",
  until: null,
  count: 3,
  month_end: "clamp",
} as const;
const task = aTask({ recurrence: { ...recurrence }, due_date: "2026-03-27T16:00:00Z" });

describe("sentences of recurrences", () => {
  it("are asked for once each, with all that they speak of", async () => {
    const server = new Server().on(ROUTE, json({ text: "every last Friday for 3 times" }));
    const sentences = new Sentences(new SeriesApi(server.send, ORIGIN));
    sentences.ask(task);
    sentences.ask(aTask({ ...task, id: "another" }));
    sentences.ask(aTask());
    await vi.waitFor(() => {
      expect(sentences.of(recurrence)).toBe("every last Friday for 3 times");
    });
    expect(server.asked).toHaveLength(1);
    expect(server.asked[0]?.body).toMatchObject({
      rule: "FREQ=MONTHLY;BYDAY=-1FR;COUNT=3",
      start: "2026-03-27T16:00:00Z",
      timezone: "Europe/Berlin",
    });
  });

  it("may be asked for again where there was no answer", async () => {
    const server = new Server().on(ROUTE, problem(503, {}), json({ text: "every last Friday" }));
    const sentences = new Sentences(new SeriesApi(server.send, ORIGIN));
    await vi.waitFor(() => {
      sentences.ask(task);
      expect(sentences.of(recurrence)).toBe("every last Friday");
    });
    expect(server.asked).toHaveLength(2);
  });
});

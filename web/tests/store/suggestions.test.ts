import { describe, expect, it } from "vitest";
import { Api } from "../../src/api/client";
import type { Suggestion, Task } from "../../src/api/types";
import { Suggestions } from "../../src/store/suggestions.svelte";
import { aTask } from "../fixtures";
import { ORIGIN, Server, json, problem } from "../server";

function suggestion(id: string): Suggestion {
  return {
    id,
    title: "Water the plants",
    rule: "FREQ=WEEKLY;BYDAY=TU",
    text: "every week on Tuesday",
    recurrence: {
      rule: "FREQ=WEEKLY;BYDAY=TU",
      mode: "schedule",
      until: null,
      count: null,
      month_end: "skip",
      exdates: [],
      rdates: [],
    },
    timezone: "Europe/Berlin",
    basis: "completed",
    confidence: 0.99,
    due: 9,
    evidence: [{ date: "2026-02-24", task_id: "t" }],
    next: ["2026-03-03T09:00:00+01:00"],
    why: "Done 9 of the 9 times that it was due.",
  };
}

async function fetched(server: Server, made: Task[] = []): Promise<Suggestions> {
  server.on("GET /recurring/suggestions", json({ items: [suggestion("a"), suggestion("b")] }));
  const suggestions = new Suggestions(new Api(server.send, ORIGIN), (task) => made.push(task));
  await suggestions.refresh();
  return suggestions;
}

function ids(suggestions: Suggestions): string[] {
  return suggestions.items.map((item) => item.id);
}

describe("suggestions", () => {
  it("go when they are accepted, and tell of the task that was made", async () => {
    const made: Task[] = [];
    const server = new Server().on("POST /recurring/suggestions/a/accept", json(aTask()));
    const suggestions = await fetched(server, made);
    await suggestions.accept(suggestion("a"));
    expect(ids(suggestions)).toEqual(["b"]);
    expect(made).toEqual([aTask()]);
  });

  it("go when they are dismissed", async () => {
    const dismissed = new Response(null, { status: 204 });
    const server = new Server().on("POST /recurring/suggestions/b/dismiss", dismissed);
    const suggestions = await fetched(server);
    await suggestions.dismiss(suggestion("b"));
    expect(ids(suggestions)).toEqual(["a"]);
  });

  it("go when they were decided elsewhere, and stay when the network is away", async () => {
    const server = new Server().on(
      "POST /recurring/suggestions/a/accept",
      () => Promise.reject(new TypeError("away")),
      problem(409, { detail: "the suggestion was dismissed" }),
    );
    const suggestions = await fetched(server);
    await expect(suggestions.accept(suggestion("a"))).rejects.toThrow();
    expect(ids(suggestions)).toEqual(["a", "b"]);
    await expect(suggestions.accept(suggestion("a"))).rejects.toThrow("dismissed");
    expect(ids(suggestions)).toEqual(["b"]);
  });

  it("stay as they are when they cannot be fetched", async () => {
    const server = new Server();
    const suggestions = await fetched(server);
    server.on("GET /recurring/suggestions", problem(503, { detail: "away" }));
    await suggestions.refresh();
    expect(ids(suggestions)).toEqual(["a", "b"]);
  });
});

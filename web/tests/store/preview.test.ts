import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Api } from "../../src/api/client";
import { PAUSE_MS, Preview } from "../../src/store/preview.svelte";
import { ORIGIN, Server, json, problem } from "../server";

const ROUTE = "POST /tasks/quick-add/preview";

function understood(sentence: string): Response {
  return json({ draft: {}, understood: { sentence, spans: [] } });
}

function previewOf(server: Server): Preview {
  return new Preview(new Api(server.send, ORIGIN));
}

describe("the preview of a line", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is asked for once typing pauses, of the last line alone", async () => {
    const server = new Server().on(ROUTE, understood("no date"));
    const preview = previewOf(server);
    preview.ask("te");
    await vi.advanceTimersByTimeAsync(PAUSE_MS - 1);
    preview.ask("tea");
    await vi.advanceTimersByTimeAsync(PAUSE_MS);
    expect(server.asked).toHaveLength(1);
    expect([preview.line, preview.understood?.sentence]).toEqual(["tea", "no date"]);
  });

  it("is none for an empty line, a refused one, and after it was forgotten", async () => {
    const server = new Server().on(
      ROUTE,
      problem(422, { detail: "No.", errors: [{ field: "text", message: "leaves no title" }] }),
      understood("x"),
    );
    const preview = previewOf(server);
    preview.ask("  ");
    await vi.advanceTimersByTimeAsync(PAUSE_MS);
    expect(server.asked).toHaveLength(0);
    preview.ask("every day");
    await vi.advanceTimersByTimeAsync(PAUSE_MS);
    expect([preview.understood, preview.refused]).toEqual([null, "leaves no title"]);
    preview.ask("tea");
    await vi.advanceTimersByTimeAsync(PAUSE_MS);
    expect(preview.understood).not.toBeNull();
    expect(preview.refused).toBe("");
    preview.forget();
    expect(preview.understood).toBeNull();
  });
});

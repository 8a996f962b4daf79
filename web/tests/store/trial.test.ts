import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SeriesApi } from "../../src/api/series";
import { PAUSE_MS } from "../../src/store/preview.svelte";
import { Trial } from "../../src/store/trial.svelte";
import { ORIGIN, Server, json, problem } from "../server";

const ROUTE = "POST /recurring/preview";

function trialOf(server: Server): Trial {
  return new Trial(new SeriesApi(server.send, ORIGIN));
}

describe("the trial of a phrase", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("asks once typing pauses and drops what comes too late", async () => {
    const server = new Server().on(ROUTE, json({ rule: "r", text: "every day", occurrences: [] }));
    const trial = trialOf(server);
    trial.ask({ text: "every", start: "2026-03-02" });
    trial.ask({ text: "every day", start: "2026-03-02" });
    await vi.advanceTimersByTimeAsync(PAUSE_MS);
    expect(server.asked.map(({ body }) => body)).toEqual([
      { text: "every day", start: "2026-03-02" },
    ]);
    expect(trial.understood?.text).toBe("every day");
    trial.ask({ text: " ", start: "2026-03-02" });
    expect(trial.understood).toBeNull();
  });

  it("says from where on a phrase is not understood", async () => {
    const errors = [{ field: "text", message: "“foo” is not understood here", position: 6 }];
    const trial = trialOf(new Server().on(ROUTE, problem(422, { errors })));
    trial.ask({ text: "every foo", start: "2026-03-02" });
    await vi.advanceTimersByTimeAsync(PAUSE_MS);
    expect(trial.misunderstood).toEqual({
      phrase: "every foo",
      message: "“foo” is not understood here",
      position: 6,
    });
  });
});

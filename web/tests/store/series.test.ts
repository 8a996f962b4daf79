import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SeriesApi } from "../../src/api/series";
import { AGAIN_MS, OpenSeries } from "../../src/store/series.svelte";
import { aSeries, aTask } from "../fixtures";
import { ORIGIN, Server, json, problem } from "../server";

const ROUTE = "GET /recurring/series/s";

function seriesOf(server: Server, changed = vi.fn(() => Promise.resolve())): OpenSeries {
  return new OpenSeries(new SeriesApi(server.send, ORIGIN), changed);
}

async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(AGAIN_MS[0] ?? 0);
}

describe("the series of an open task", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("comes once it has been made, and tells of news alone", async () => {
    const missing = problem(404, {});
    const series = seriesOf(new Server().on(ROUTE, missing, json(aSeries())));
    series.open("s");
    await vi.advanceTimersByTimeAsync(0);
    expect([series.whole, series.problem]).toEqual([null, ""]);
    await settle();
    expect(series.whole?.series.text).toBe("every day");
    await series.refresh();
    expect(series.news).toBe(1);
    series.close();
    expect(series.whole).toBeNull();
  });

  it("shows what another of its tasks tells of, and nothing of other series", async () => {
    const paused = json(aSeries({ version: 2, status: "paused" }));
    const server = new Server().on(ROUTE, json(aSeries()), paused);
    const series = seriesOf(server);
    series.open("s");
    await vi.advanceTimersByTimeAsync(0);
    series.hear(aTask({ series_id: "other" }));
    series.hear(aTask());
    await vi.advanceTimersByTimeAsync(0);
    expect(server.asked).toHaveLength(1);
    series.hear(aTask({ series_id: "s" }));
    await vi.advanceTimersByTimeAsync(0);
    expect(series.whole?.series.status).toBe("paused");
  });

  it("says why it can't be shown", async () => {
    const series = seriesOf(new Server().on(ROUTE, problem(503, { detail: "Away." })));
    series.open("s");
    await settle();
    expect(series.problem).toBe("Away.");
  });

  it("is changed as the person has seen it, for as many tasks as they say", async () => {
    const changed = vi.fn(() => Promise.resolve());
    const newer = json(aSeries({ version: 2, text: "every week" }));
    const server = new Server().on(ROUTE, json(aSeries())).on("PATCH /recurring/series/s", newer);
    const series = seriesOf(server, changed);
    series.open("s");
    await settle();
    await series.change("future", aTask({ id: "a" }), { title: "x" });
    expect(server.asked.at(-1)).toMatchObject({
      body: { scope: "future", task_id: "a", changes: { title: "x" } },
    });
    expect(server.asked.at(-1)?.headers.get("If-Match")).toBe('"1"');
    expect(series.whole?.series.text).toBe("every week");
    expect(changed).toHaveBeenCalledOnce();
  });

  it("names what is wrong by the task's own fields", async () => {
    const errors = [{ field: "changes.recurrence.text", message: "not understood", position: 6 }];
    const server = new Server().on(ROUTE, json(aSeries()));
    const series = seriesOf(server.on("PATCH /recurring/series/s", problem(422, { errors })));
    series.open("s");
    await settle();
    await expect(series.change("all", aTask(), {})).rejects.toMatchObject({
      fields: { "recurrence.text": "not understood" },
      positions: { "recurrence.text": 6 },
    });
  });

  it("shows what is newer before a stale wish fails", async () => {
    const newer = json(aSeries({ version: 2, status: "paused" }));
    const server = new Server().on(ROUTE, json(aSeries()), newer);
    const series = seriesOf(server.on("POST /recurring/series/s/pause", problem(412, {})));
    series.open("s");
    await vi.advanceTimersByTimeAsync(0);
    await expect(series.pause()).rejects.toMatchObject({ status: 412 });
    expect(series.whole?.series.status).toBe("paused");
  });
});

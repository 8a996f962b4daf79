import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Outage, WAITS_MS } from "../../src/store/outage.svelte";
import { ORIGIN, Server, json, problem } from "../server";

const AWAY = problem(503, { detail: "The database is away." }, { "Retry-After": "1" });
const ALL_WAITS_MS = WAITS_MS.reduce((sum, wait) => sum + wait);

function outageOf(server: Server): Outage {
  return new Outage(server.send, ORIGIN, () => 1);
}

function call(method: string, path: string, headers: Record<string, string> = {}): Request {
  const body = method === "GET" ? null : "{}";
  return new Request(`${ORIGIN}/api/v1/${path}`, { method, headers, body });
}

describe("an outage", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("that is short is a wait for what may be sent twice", async () => {
    const server = new Server().on("POST /tasks", AWAY, AWAY, json({ id: "1" }, 201));
    const outage = outageOf(server.on("GET /tasks", AWAY));
    const sent = outage.send(call("POST", "tasks", { "Idempotency-Key": "k" }));
    await vi.advanceTimersByTimeAsync(0);
    expect(outage.parts).toEqual(["tasks"]);
    await vi.advanceTimersByTimeAsync((WAITS_MS[0] ?? 0) + (WAITS_MS[1] ?? 0));
    expect((await sent).status).toBe(201);
    const keys = server.asked
      .filter(({ call }) => call === "POST /tasks")
      .map(({ headers }) => headers.get("Idempotency-Key"));
    expect(keys).toEqual(["k", "k", "k"]);
    expect([outage.parts, outage.returns]).toEqual([[], 1]);
  });

  it("that is longer is answered as it is, and what may not be sent twice at once", async () => {
    const outage = outageOf(new Server().on("GET /tasks", AWAY).on("POST /auth/login", AWAY));
    const listed = outage.send(call("GET", "tasks"));
    expect((await outage.send(call("POST", "auth/login"))).status).toBe(503);
    await vi.advanceTimersByTimeAsync(ALL_WAITS_MS);
    expect((await listed).status).toBe(503);
    expect(outage.parts).toContain("tasks");
  });

  it("is asked after until it is over, whatever became of the call", async () => {
    const gone = (): Response => {
      throw new TypeError("no network");
    };
    const server = new Server()
      .on("POST /recurring/preview", AWAY)
      .on("GET /recurring/suggestions", AWAY, gone, json({ items: [] }));
    const outage = outageOf(server);
    await outage.send(call("POST", "recurring/preview"));
    expect(outage.parts).toEqual(["series"]);
    await vi.advanceTimersByTimeAsync(1000 + 2000);
    expect([outage.parts, outage.returns]).toEqual([["series"], 0]);
    await vi.advanceTimersByTimeAsync(4000);
    expect([outage.parts, outage.returns]).toEqual([[], 1]);
    const asked = server.calls.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.calls.length).toBe(asked);
  });

  it("of one part leaves the others, and no other refusal is one", async () => {
    const server = new Server().on("GET /reminders", AWAY).on("GET /tasks", problem(500, {}));
    const outage = outageOf(server.on("GET /reminders/channels", json({})));
    void outage.send(call("GET", "reminders?task_id=1"));
    await outage.send(call("GET", "tasks?limit=1"));
    expect(outage.parts).toEqual(["reminders"]);
  });
});

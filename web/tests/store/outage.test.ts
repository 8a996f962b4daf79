import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Api } from "../../src/api/client";
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
    const outage = outageOf(server.on("GET /tasks", AWAY, json({ items: [] })));
    const sent = outage.send(call("POST", "tasks", { "Idempotency-Key": "k" }));
    await vi.advanceTimersByTimeAsync(0);
    expect(outage.parts).toEqual(["tasks"]);
    await vi.advanceTimersByTimeAsync((WAITS_MS[0] ?? 0) + (WAITS_MS[1] ?? 0));
    expect((await sent).status).toBe(201);
    const keys = server.asked
      .filter(({ call }) => call === "POST /tasks")
      .map(({ headers }) => headers.get("Idempotency-Key"));
    expect(keys).toEqual(["k", "k", "k"]);
    expect(outage.parts).toEqual([]);
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
    const recover = vi.fn(() => Promise.resolve());
    outage.onReturn(recover);
    await outage.send(call("POST", "recurring/preview"));
    expect(outage.parts).toEqual(["series"]);
    await vi.advanceTimersByTimeAsync(1000 + 2000);
    expect([outage.parts, recover.mock.calls.length]).toEqual([["series"], 0]);
    await vi.advanceTimersByTimeAsync(4000);
    expect([outage.parts, recover.mock.calls.length]).toEqual([[], 1]);
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

  it.each([429, 500, 502, 504])("is not over with an answer of %i", async (status) => {
    const server = new Server().on("POST /tasks/1/complete", AWAY);
    const outage = outageOf(server.on("GET /tasks", problem(status, {})));
    const recover = vi.fn(() => Promise.resolve());
    outage.onReturn(recover);
    await outage.send(call("POST", "tasks/1/complete"));
    await vi.advanceTimersByTimeAsync(60_000);
    expect([outage.parts, recover.mock.calls.length]).toEqual([["tasks"], 0]);
  });

  /** A page of eight lists and its outage, where `isAway` says which call meets a 503. */
  function pageOf(isAway: (path: string) => boolean): [Outage, string[], () => Promise<void>] {
    const calls: string[] = [];
    const outage = new Outage(
      ({ url }) => {
        const path = url.replace(`${ORIGIN}/api/v1/`, "");
        calls.push(path);
        return Promise.resolve(isAway(path) ? AWAY.clone() : json({ items: [] }));
      },
      ORIGIN,
      () => 1,
    );
    const lists = Array.from({ length: 8 }, (_, index) => `tasks?list=${index}`);
    const open = async (): Promise<void> => {
      await Promise.all(lists.map((path) => outage.send(call("GET", path))));
    };
    outage.onReturn(open);
    return [outage, calls, open];
  }

  /** Passes a minute; answers how often it was told otherwise whether something is away. */
  async function changesInAMinute(outage: Outage): Promise<number> {
    let changes = 0;
    let isTold = outage.parts.length > 0;
    for (let passed = 0; passed < 60_000; passed += 50) {
      await vi.advanceTimersByTimeAsync(50);
      if (outage.parts.length > 0 !== isTold) changes += 1;
      isTold = outage.parts.length > 0;
    }
    return changes;
  }

  it("of one list is told all the time, and asked after ever more seldom", async () => {
    const [outage, calls, open] = pageOf((path) => path === "tasks?list=3");
    void open();
    expect(await changesInAMinute(outage)).toBe(1);
    const first = calls.length;
    expect(first).toBeLessThan(80);
    expect(await changesInAMinute(outage)).toBe(0);
    expect(calls.length - first).toBeLessThan(40);
  });

  it.each([2, 3])("of one call in %i makes no storm of calls", async (every) => {
    let count = 0;
    const [outage, calls, open] = pageOf(() => (count += 1) % every === 0);
    void open();
    await changesInAMinute(outage);
    const first = calls.length;
    expect(first).toBeLessThan(120);
    expect(await changesInAMinute(outage)).toBeLessThanOrEqual(4);
    expect(calls.length - first).toBeLessThan(80);
  });

  it("that comes again soon is asked after as seldom as before, later as often as at first", async () => {
    const server = new Server().on("POST /tasks/1/complete", AWAY);
    const outage = outageOf(server.on("GET /tasks", AWAY, AWAY, json({ items: [] })));
    await outage.send(call("POST", "tasks/1/complete"));
    await vi.advanceTimersByTimeAsync(1000 + 2000 + 4000);
    expect(outage.parts).toEqual([]);
    await outage.send(call("POST", "tasks/1/complete"));
    await vi.advanceTimersByTimeAsync(7900);
    expect(outage.parts).toEqual(["tasks"]);
    await vi.advanceTimersByTimeAsync(100);
    expect(outage.parts).toEqual([]);
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    await outage.send(call("POST", "tasks/1/complete"));
    await vi.advanceTimersByTimeAsync(1000);
    expect(outage.parts).toEqual([]);
  });

  it("sends nothing again for who has logged out or in since", async () => {
    const done = new Response(null, { status: 204 });
    const server = new Server().on("POST /tasks", AWAY).on("POST /auth/logout", () => done.clone());
    const outage = outageOf(server.on("GET /tasks", json({ items: [] })));
    const api = new Api(outage.send, ORIGIN);
    const adding = api.create({ title: "Hers" }, "k");
    const failed = expect(adding).rejects.toMatchObject({ status: 503 });
    await vi.advanceTimersByTimeAsync(500);
    await api.logout();
    await vi.advanceTimersByTimeAsync(ALL_WAITS_MS);
    await failed;
    expect(server.calls.filter((made) => made === "POST /tasks")).toHaveLength(1);
  });

  it("sends nothing again once the session has ended by itself", async () => {
    const server = new Server().on("POST /tasks", AWAY).on("GET /tasks", json({ items: [] }));
    const outage = outageOf(server);
    const sent = outage.send(call("POST", "tasks", { "Idempotency-Key": "k" }));
    await vi.advanceTimersByTimeAsync(0);
    outage.abandon();
    await vi.advanceTimersByTimeAsync(ALL_WAITS_MS);
    expect((await sent).status).toBe(503);
    expect(server.calls.filter((made) => made === "POST /tasks")).toHaveLength(1);
  });

  it("is no reason to send again what the server would carry out twice", async () => {
    const server = new Server().on("POST /tasks/1/complete", AWAY).on("PATCH /tasks/1", AWAY);
    const api = new Api(outageOf(server.on("GET /tasks", AWAY)).send, ORIGIN);
    const seen = { id: "1", version: 1 };
    const failed = [
      expect(api.complete(seen)).rejects.toMatchObject({ status: 503 }),
      expect(api.change(seen, { title: "x" })).rejects.toMatchObject({ status: 503 }),
    ];
    await vi.advanceTimersByTimeAsync(ALL_WAITS_MS);
    await Promise.all(failed);
    const writes = server.calls.filter((made) => !made.startsWith("GET"));
    expect(writes).toEqual(["POST /tasks/1/complete", "PATCH /tasks/1"]);
  });
});

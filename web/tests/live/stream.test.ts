import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { World, settle } from "./world";

describe("the live stream", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is live and fetches once the server is ready", async () => {
    const world = new World();
    const line = await world.open();
    expect(line.resumesFrom).toBeNull();
    await line.ready(4);
    expect(world.told).toEqual(["connecting", "live", "fetch"]);
  });

  it("hands on events in order, silent ones without an id too", async () => {
    const world = new World();
    const line = await world.open();
    await line.ready(4);
    await line.event(5, "a");
    await line.event(null, "b");
    await line.event(7, "c");
    expect(world.told.slice(3)).toEqual(["a", "b", "c"]);
  });

  it("comes back after the server's wait and goes on from the last event", async () => {
    const world = new World();
    const line = await world.open();
    await line.ready(4);
    await line.event(9, "a");
    await line.event(null, "b");
    await line.close();
    expect(world.told.at(-1)).toBe("connecting");
    await vi.advanceTimersByTimeAsync(999);
    expect(world.lines).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(world.line.resumesFrom).toBe("9");
  });

  it("goes on from the announced position if nothing came since", async () => {
    const world = new World();
    await (await world.open()).ready(4);
    await world.line.break();
    await vi.advanceTimersByTimeAsync(1000);
    expect(world.line.resumesFrom).toBe("4");
  });

  it("does not skip a replay that broke off, whatever position was announced", async () => {
    const world = new World();
    await (await world.open()).ready(4);
    await world.line.break();
    await vi.advanceTimersByTimeAsync(1000);
    await world.line.ready(50);
    await world.line.event(5, "a");
    await world.line.break();
    await vi.advanceTimersByTimeAsync(1000);
    expect(world.line.resumesFrom).toBe("5");
  });

  it("fetches again after each return and after a resync, and goes on from its position", async () => {
    const world = new World();
    await (await world.open()).ready(4);
    await world.line.close();
    await vi.advanceTimersByTimeAsync(1000);
    await world.line.ready(900);
    await world.line.write('event: resync\ndata: {"position": 880}\n\n');
    expect(world.told).toEqual([
      "connecting",
      "live",
      "fetch",
      "connecting",
      "live",
      "fetch",
      "resync",
    ]);
    await world.line.close();
    await vi.advanceTimersByTimeAsync(1000);
    expect(world.line.resumesFrom).toBe("880");
  });

  it("takes the announced position where a resync tells none", async () => {
    const world = new World();
    await (await world.open()).ready(900);
    await world.line.write("event: resync\ndata: {}\n\n");
    await world.line.close();
    await vi.advanceTimersByTimeAsync(1000);
    expect(world.line.resumesFrom).toBe("900");
  });

  it("stays away once it was replaced, until it is started again", async () => {
    const world = new World();
    const line = await world.open();
    await line.ready(4);
    await line.write(
      'event: replaced\ndata: {}\n\nid: 5\nevent: task.created\ndata: {"task_id":"late"}\n\n',
    );
    expect(world.told.at(-1)).toBe("replaced");
    expect(line.request.signal.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(world.lines).toHaveLength(1);
    await (await world.open()).ready(6);
    expect(world.line.resumesFrom).toBe("4");
    expect(world.told.slice(-3)).toEqual(["connecting", "live", "fetch"]);
  });

  it("is offline while nobody answers, tries ever more rarely, and recovers", async () => {
    const world = new World();
    const refuse = (): Response => {
      throw new TypeError("failed to fetch");
    };
    world.refusals.push(refuse, refuse, () => new Response("", { status: 503 }));
    void world.stream.start();
    await settle();
    expect(world.told).toEqual(["connecting", "offline"]);
    await vi.advanceTimersByTimeAsync(6_000 + 12_000 + 24_000 - 1);
    expect(world.lines).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    await world.line.ready(1);
    expect(world.told.at(-2)).toBe("live");
  });

  it("waits as long as a busy server asks", async () => {
    const world = new World();
    world.refusals.push(() => new Response("", { status: 429, headers: { "Retry-After": "20" } }));
    void world.stream.start();
    await vi.advanceTimersByTimeAsync(19_999);
    expect(world.lines).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(world.lines).toHaveLength(1);
  });

  it("tries at once when it is nudged", async () => {
    const world = new World();
    await (await world.open()).ready(1);
    await world.line.close();
    world.stream.nudge();
    await settle();
    expect(world.lines).toHaveLength(2);
  });

  it("gives a silent connection up, while heartbeats keep one alive", async () => {
    const world = new World();
    await (await world.open()).ready(1);
    for (let beat = 0; beat < 10; beat += 1) {
      await vi.advanceTimersByTimeAsync(30_000);
      await world.line.write(": heartbeat\n\n");
    }
    expect(world.lines).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(75_000);
    expect(world.line.request.signal.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(world.lines).toHaveLength(2);
  });

  it("passes over a frame that can't be read and does not ask for it again", async () => {
    const world = new World();
    await (await world.open()).ready(1);
    await world.line.write("id: 2\nevent: task.created\ndata: {\n\n");
    await world.line.close();
    await vi.advanceTimersByTimeAsync(1000);
    expect(world.told).not.toContain("task.created");
    expect(world.line.resumesFrom).toBe("2");
  });

  it("connects once, however often it is started", async () => {
    const world = new World();
    await world.open();
    await world.open();
    expect(world.lines).toHaveLength(1);
  });

  it("says nothing more once it is stopped, and begins anew after that", async () => {
    const world = new World();
    const line = await world.open();
    await line.ready(4);
    world.stream.stop();
    await settle();
    expect(line.request.signal.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(world.told).toEqual(["connecting", "live", "fetch"]);
    expect((await world.open()).resumesFrom).toBeNull();
  });

  it("can be stopped while it waits", async () => {
    const world = new World();
    await (await world.open()).ready(4);
    await world.line.close();
    world.stream.stop();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(world.lines.length).toBeLessThan(3);
    expect(world.told.at(-1)).toBe("connecting");
  });
});

import { describe, expect, it, vi } from "vitest";
import { Pause, backoff } from "../../src/live/backoff";

describe("the wait before the next connection", () => {
  it("doubles with each failure and stops at 30 seconds", () => {
    expect([0, 1, 2, 3, 4, 400].map((failures) => backoff(failures, 3000, 1))).toEqual([
      3000, 6000, 12000, 24000, 30000, 30000,
    ]);
  });

  it("lies between half and the whole, so that clients spread", () => {
    expect(backoff(1, 3000, 0)).toBe(3000);
    expect(backoff(1, 3000, 0.5)).toBe(4500);
  });

  it("can be cut short, and ending no wait does nothing", async () => {
    vi.useFakeTimers();
    const pause = new Pause();
    pause.end();
    const waited = pause.wait(60_000);
    pause.end();
    await waited;
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });
});

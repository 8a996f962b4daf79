import { afterEach, describe, expect, it, vi } from "vitest";
import { RetryKey, freshKey } from "../../src/api/keys";

describe("an idempotency key", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("is another one each time", () => {
    expect(new Set(Array.from({ length: 100 }, freshKey)).size).toBe(100);
  });

  it("is there without a secure context too", () => {
    vi.stubGlobal("crypto", { getRandomValues: (bytes: Uint8Array) => bytes.fill(7) });
    expect(freshKey()).toBe("07".repeat(16));
  });

  it("stays the same for the same content until it is done", () => {
    const key = new RetryKey();
    const first = key.for({ title: "a" });
    expect(key.for({ title: "a" })).toBe(first);
    expect(key.for({ title: "b" })).not.toBe(first);
    const second = key.for({ title: "b" });
    key.done();
    expect(key.for({ title: "b" })).not.toBe(second);
  });
});

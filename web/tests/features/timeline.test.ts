import { describe, expect, it } from "vitest";
import type { Happening } from "../../src/api/types";
import { stepText } from "../../src/features/timeline";

const NOW = new Date(2026, 0, 20, 9);
const AT = new Date(2026, 0, 20, 8, 5).toISOString();

function said(what: Happening["what"], fields: Partial<Happening> = {}): string {
  const step: Happening = {
    at: AT,
    what,
    text: "as the server says",
    channel: null,
    channel_name: null,
    attempt: null,
    result: null,
    latency_ms: null,
    reason: null,
    next_at: null,
    until: null,
    old: null,
    new: null,
    fire_at: null,
    late_by_seconds: null,
    repetition: null,
    preset: null,
    event_id: null,
    event_type: null,
    digest_id: null,
    delivery_id: null,
    ...fields,
  };
  return stepText(step, NOW);
}

describe("a step of a timeline", () => {
  it("has its times as the person's clock has them", () => {
    expect(said("planned", { fire_at: AT })).toMatch(/^It was planned for Today, /);
    expect(said("replanned", { old: AT, new: AT })).toContain("from Today");
    expect(said("postponed", { until: AT, reason: "quiet hours" })).toContain(": quiet hours");
    expect(said("snoozed", { until: AT })).toMatch(/until Today, /);
    expect(said("waiting", { next_at: AT })).toMatch(/^as the server says: Today/);
    expect(said("waiting")).toBe("as the server says");
  });

  it("says how late it came, and whether with others", () => {
    expect(said("fired", { late_by_seconds: 3 })).toBe("It came at its time");
    const late = said("fired", { late_by_seconds: 720, repetition: 2, digest_id: "d" });
    expect(late).toContain("12 minutes late");
    expect(late).toContain("repetition 2");
    expect(late).toContain("with others");
  });

  it("says how long a channel took, and when it is tried again", () => {
    expect(said("delivered", { channel: "page", latency_ms: 35 })).toContain("35 ms after it came");
    expect(said("delivered", { channel: "email", latency_ms: 120 })).toContain(", in 120 ms");
    expect(said("attempted", { latency_ms: 90 })).toContain(", after 90 ms");
    expect(said("attempted", { latency_ms: null, next_at: AT })).toMatch(/; tried again Today/);
  });

  it("is else said as the server says it", () => {
    expect([said("dead"), said("stopped"), said("seen")]).toEqual([
      "as the server says",
      "as the server says",
      "You saw it",
    ]);
  });
});

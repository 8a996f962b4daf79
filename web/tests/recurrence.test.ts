/** ical.js, which is no kin of the engine's other witness, still gives the recorded occurrences. */
import ICAL from "ical.js";
import { describe, expect, test } from "vitest";
import vectors from "../../tests/vectors/recurrence.json";

const MINE = vectors.filter((vector) => vector.agreed_by.includes("ical.js"));

function occurrences(rule: string, start: string, limit: number): string[] {
  const iterator = ICAL.Recur.fromString(rule).iterator(ICAL.Time.fromDateTimeString(start));
  const found: string[] = [];
  while (found.length < limit) {
    const next = iterator.next() as ICAL.Time | null;
    if (next === null) break;
    found.push(next.toString());
  }
  return found;
}

describe("recorded occurrences", () => {
  test("are many", () => {
    expect(MINE.length).toBeGreaterThan(100);
  });

  test.each(MINE)("$rule from $start", ({ rule, start, occurrences: expected }) => {
    expect(occurrences(rule, start, expected.length)).toEqual(expected);
  });
});

import { describe, expect, it } from "vitest";
import {
  type Change,
  EMPTY,
  type LiveTasks,
  apply,
  bury,
  put,
  replace,
} from "../../src/live/apply";
import { aChange, aDeletion, aLife, aTask } from "../fixtures";

const { id } = aTask();

function after(...changes: Change[]): LiveTasks {
  return changes.reduce(apply, EMPTY);
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, at) =>
    permutations([...items.slice(0, at), ...items.slice(at + 1)]).map((rest) => [item, ...rest]),
  );
}

/** Numbers from 0 to 1 that look random and are the same every time (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe("a change", () => {
  it("of each kind is seen", () => {
    expect(after(aChange("task.created")).tasks[id]?.title).toBe("Water the plants");
    const [created, updated] = aLife(id);
    expect(
      after(...[created, updated].filter((change) => change !== undefined)).tasks[id]?.title,
    ).toBe("Water all plants");
    expect(after(...aLife(id)).tasks[id]?.status).toBe("completed");
    expect(after(aChange("task.created"), aDeletion(2)).tasks).toEqual({});
  });

  it("that is old or repeated returns the very same state", () => {
    const state = after(aChange("task.updated", { version: 4 }));
    for (const version of [1, 3, 4]) {
      expect(apply(state, aChange("task.updated", { version }))).toBe(state);
      expect(apply(state, aDeletion(version))).toBe(state);
    }
  });

  it("of an unknown type, a reminder, or without its task changes nothing", () => {
    const state = after(aChange("task.created"));
    expect(apply(state, aChange("task.painted", { version: 9 }))).toBe(state);
    expect(apply(state, aChange("reminder.triggered", { version: 9 }))).toBe(state);
    expect(apply(state, { ...aChange("task.updated", { version: 9 }), task: null })).toBe(state);
  });

  it("after a deletion counts only with a higher version", () => {
    const gone = after(aDeletion(5));
    expect(apply(gone, aChange("task.updated", { version: 5 }))).toBe(gone);
    const back = apply(gone, aChange("task.updated", { version: 6 }));
    expect(back.tasks[id]?.version).toBe(6);
    expect(back.tombstones).toEqual({});
  });

  it("into the trash is a deletion", () => {
    const moved = aChange("task.updated", { version: 2, deleted_at: "2026-01-21T08:00:00Z" });
    expect(after(aChange("task.created"), moved)).toEqual({ tasks: {}, tombstones: { [id]: 2 } });
  });

  it("leaves the state before it as it was", () => {
    const before = after(aChange("task.created"));
    const copy = structuredClone(before);
    apply(before, aDeletion(2));
    apply(before, aChange("task.updated", { version: 2 }));
    expect(before).toEqual(copy);
  });
});

describe("any order and repetition of the same changes", () => {
  it("of one task ends in the same state", () => {
    const life = aLife(id);
    for (const order of permutations(life)) {
      expect(after(...order)).toEqual(after(...life));
      expect(after(...order, ...order)).toEqual(after(...life));
    }
  });

  it("of a task that ends deleted ends in the same state", () => {
    const life = [...aLife(id), aDeletion(6, { id })];
    for (const order of permutations(life)) {
      expect(after(...order)).toEqual({ tasks: {}, tombstones: { [id]: 6 } });
    }
  });

  it("of many tasks ends in the same state", () => {
    const random = numbers(7);
    const lives = ["a", "b", "c", "d"].flatMap((name, at) => aLife(name).slice(0, at + 2));
    for (let round = 0; round < 500; round += 1) {
      const doubled = [...lives, ...lives.filter(() => random() < 0.5)];
      const mixed = doubled.map((change) => ({ change, at: random() })).sort((a, b) => a.at - b.at);
      expect(after(...mixed.map(({ change }) => change))).toEqual(after(...lives));
    }
  });

  it("beside answers of the API that say the same ends in the same state", () => {
    const [created, updated, deleted, restored, completed] = aLife(id);
    if (!created || !updated || !deleted || !restored?.task || !completed)
      throw new Error("no life");
    const answered = bury(put(after(completed), restored.task), id, 3);
    expect([created, updated, deleted].reduce(apply, answered)).toEqual(after(...aLife(id)));
  });
});

describe("a fresh list", () => {
  it("brings what is new and forgets what is no longer listed", () => {
    const before = after(
      aChange("task.created", { id: "a" }),
      aChange("task.created", { id: "b" }),
    );
    const fresh = [aTask({ id: "b", version: 2 }), aTask({ id: "c" })];
    const state = replace(before, before, fresh);
    expect(Object.keys(state.tasks)).toEqual(["b", "c"]);
    expect(state.tasks.b?.version).toBe(2);
  });

  it("does not hide a task for good: it may stand on a later page", () => {
    const before = after(aChange("task.created", { id: "a" }));
    const forgotten = replace(before, before, []);
    expect(put(forgotten, aTask({ id: "a" })).tasks).toHaveProperty("a");
  });

  it("does not undo what the stream told while it was on its way", () => {
    const before = after(
      aChange("task.created", { id: "a" }),
      aChange("task.created", { id: "b" }),
    );
    const during = [
      aChange("task.updated", { id: "a", version: 2, title: "New" }),
      aDeletion(2, { id: "b" }),
      aChange("task.created", { id: "c" }),
    ].reduce(apply, before);
    const listedEarlier = [aTask({ id: "a" }), aTask({ id: "b" })];
    expect(replace(during, before, listedEarlier)).toEqual(during);
    expect(replace(during, before, [])).toEqual(during);
  });
});

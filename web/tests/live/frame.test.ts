import { describe, expect, it } from "vitest";
import { readEvent, readPosition } from "../../src/live/frame";
import { aTask } from "../fixtures";

function frame(value: unknown): { event: string; data: string; id: string | null } {
  const data = typeof value === "string" ? value : JSON.stringify(value);
  return { event: "task.updated", data, id: "4" };
}

const task = aTask({ version: 3 });
const fields = {
  id: "n-1",
  event_type: "task.updated",
  task_id: task.id,
  title: "Task updated",
  body: "Water the plants",
  task,
  version: 3,
  created_at: "2026-01-20T08:00:00Z",
};

describe("a frame of the stream", () => {
  it("is read as an event; it is loud and stands for itself unless it says otherwise", () => {
    expect(readEvent(frame(fields))).toEqual({
      ...fields,
      reminder: null,
      merged: 0,
      silent: false,
    });
    expect(readEvent(frame({ ...fields, merged: 2, silent: true }))).toMatchObject({
      merged: 2,
      silent: true,
    });
  });

  it("may lack its task or carry an unreadable one, which is then none", () => {
    expect(readEvent(frame({ ...fields, task: null }))?.task).toBeNull();
    expect(readEvent(frame({ ...fields, task: { id: task.id } }))?.task).toBeNull();
    expect(readEvent(frame({ ...fields, task: [] }))?.task).toBeNull();
  });

  it("takes its type from the frame's name and a number as id", () => {
    expect(readEvent(frame({ task_id: "t", version: 1, id: 12 }))).toMatchObject({
      event_type: "task.updated",
      id: "12",
    });
  });

  it("that can't be read is no event", () => {
    const broken = ["{", "[]", "null", "7", { ...fields, task_id: 7 }, { ...fields, version: 0 }];
    for (const value of [...broken, { ...fields, version: 1.5 }, { ...fields, version: "3" }]) {
      expect(readEvent(frame(value))).toBeNull();
    }
  });

  it("tells a position if it has one", () => {
    expect(readPosition(frame({ position: 0 }))).toBe(0);
    for (const value of ["{", "{}", { position: "1" }, { position: 0.5 }]) {
      expect(readPosition(frame(value))).toBeNull();
    }
  });
});

import { describe, expect, it } from "vitest";
import { type Change, EMPTY, apply } from "../../src/live/apply";

interface Envelope {
  type: string;
  data: Change & { task: NonNullable<Change["task"]> };
}

/** The examples of the event contract, which the services are tested against too. */
const examples = import.meta.glob<Envelope>("../../../contracts/events/examples/*.json", {
  eager: true,
  import: "default",
});

describe("the examples of the event contract", () => {
  it.each(Object.entries(examples))("%s is applied", (_, { type, data }) => {
    expect(data.event_type).toBe(type);
    const state = apply(EMPTY, data);
    if (type === "task.deleted") {
      expect(state).toEqual({ tasks: {}, tombstones: { [data.task_id]: data.version } });
    } else if (type === "reminder.triggered") {
      expect(state).toBe(EMPTY);
    } else {
      expect(state).toEqual({ tasks: { [data.task_id]: data.task }, tombstones: {} });
      expect(data.task.version).toBe(data.version);
    }
  });

  it("end in the same state forwards, backwards and twice", () => {
    const changes = Object.values(examples).map(({ data }) => data);
    const forwards = changes.reduce(apply, EMPTY);
    expect(changes.toReversed().reduce(apply, EMPTY)).toEqual(forwards);
    expect([...changes, ...changes].reduce(apply, EMPTY)).toEqual(forwards);
  });
});

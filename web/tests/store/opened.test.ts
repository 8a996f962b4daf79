import { describe, expect, it } from "vitest";
import { Api } from "../../src/api/client";
import type { Task } from "../../src/api/types";
import { Opened } from "../../src/store/opened.svelte";
import { aChange, aDeletion, aTask } from "../fixtures";
import { ORIGIN, Server, json, problem } from "../server";

const task = aTask({ id: "a" });
const newer = aTask({ id: "a", version: 2, title: "Newer" });

function openedOf(server: Server, kept: Task[] = [], dropped: Task[] = []): Opened {
  const api = new Api(server.send, ORIGIN);
  return new Opened(
    api,
    (one) => kept.push(one),
    (one) => dropped.push(one),
  );
}

describe("the task that is open", () => {
  it("is shown at once where it is known, and then as the server has it", async () => {
    const opened = openedOf(new Server().on("GET /tasks/a", json(newer)));
    const fetched = opened.open("a", task);
    expect(opened.task?.version).toBe(1);
    await fetched;
    expect(opened.task?.title).toBe("Newer");
  });

  it("changes as the stream tells of it, and of no other", async () => {
    const opened = openedOf(new Server().on("GET /tasks/a", json(task)));
    await opened.open("a", undefined);
    opened.take(aChange("task.updated", { id: "b", version: 9 }));
    opened.take(aChange("task.updated", newer));
    expect(opened.task?.title).toBe("Newer");
    opened.take(aDeletion(3, newer));
    expect([opened.task, opened.isGone]).toEqual([null, true]);
  });

  it("is gone where there is none, and may come when the server can't be reached", async () => {
    const server = new Server().on("GET /tasks/a", problem(503, { detail: "Away." }), json(task));
    const opened = openedOf(server.on("GET /tasks/b", problem(404, {})));
    await opened.open("b", undefined);
    expect(opened.isGone).toBe(true);
    await opened.open("a", undefined);
    expect([opened.isGone, opened.problem]).toEqual([false, "Away."]);
    await opened.refresh();
    expect([opened.task?.id, opened.problem]).toEqual(["a", ""]);
  });

  it("is changed from the state that the person has seen", async () => {
    const kept: Task[] = [];
    const server = new Server().on("GET /tasks/a", json(task)).on("PATCH /tasks/a", json(newer));
    const opened = openedOf(server, kept);
    await opened.open("a", task);
    await opened.change(task, { title: "Newer" });
    expect(server.asked.at(-1)).toMatchObject({ body: { title: "Newer" } });
    expect(server.asked.at(-1)?.headers.get("If-Match")).toBe('"1"');
    expect([opened.task?.version, kept]).toEqual([2, [newer]]);
  });

  it("goes to the trash with its series where it was open, and stays where it was done", async () => {
    const done = aTask({ id: "b", status: "completed" });
    const server = new Server().on("GET /tasks/a", json(task)).on("GET /tasks/b", json(done));
    const dropped: Task[] = [];
    const opened = openedOf(server, [], dropped);
    await opened.open("a", undefined);
    await opened.went(task);
    expect([opened.isGone, dropped]).toEqual([true, [task]]);
    await opened.open("b", undefined);
    await opened.went(done);
    expect([opened.isGone, dropped]).toEqual([false, [task]]);
  });

  it("shows what somebody else made of it before a stale change fails", async () => {
    const server = new Server()
      .on("GET /tasks/a", json(task), json(newer))
      .on("PATCH /tasks/a", problem(412, {}));
    const opened = openedOf(server);
    await opened.open("a", undefined);
    await expect(opened.change(task, { title: "Mine" })).rejects.toMatchObject({ status: 412 });
    expect(opened.task?.title).toBe("Newer");
  });
});

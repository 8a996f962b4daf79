import { describe, expect, it } from "vitest";
import { Api } from "../../src/api/client";
import type { Task } from "../../src/api/types";
import { Tasks } from "../../src/store/tasks.svelte";
import { aChange, aDeletion, aTask } from "../fixtures";
import { ORIGIN, Server, json, problem } from "../server";

function page(items: Task[], next_cursor: string | null = null): Response {
  return json({ items, next_cursor });
}

function tasksOf(server: Server): Tasks {
  return new Tasks(new Api(server.send, ORIGIN));
}

function titles(tasks: readonly Task[]): string[] {
  return tasks.map((task) => task.title);
}

const open = aTask({ id: "a", title: "open" });
const done = aTask({
  id: "b",
  title: "done",
  status: "completed",
  completed_at: "2026-01-21T08:00:00Z",
});

describe("the tasks of the page", () => {
  it("are fetched by what is to be done and what is done", async () => {
    const tasks = tasksOf(new Server().on("GET /tasks", page([open]), page([done])));
    await tasks.refresh();
    expect([titles(tasks.pending), titles(tasks.completed)]).toEqual([["open"], ["done"]]);
    expect(tasks.isLoaded).toBe(true);
  });

  it("stay as they are when fetching fails, which is told", async () => {
    const server = new Server().on(
      "GET /tasks",
      page([open]),
      page([]),
      problem(503, { detail: "Away." }),
    );
    const tasks = tasksOf(server);
    await tasks.refresh();
    await tasks.refresh();
    expect(titles(tasks.pending)).toEqual(["open"]);
    expect(tasks.problem).toBe("Away.");
  });

  it("come page by page", async () => {
    const later = aTask({ id: "c", title: "later", due_date: "2026-02-01T08:00:00Z" });
    const server = new Server().on("GET /tasks", page([open], "next"), page([]), page([later]));
    const tasks = tasksOf(server);
    await tasks.refresh();
    expect([tasks.hasMore("pending"), tasks.hasMore("completed")]).toEqual([true, false]);
    await tasks.more("pending");
    expect(titles(tasks.pending)).toEqual(["later", "open"]);
    expect(tasks.hasMore("pending")).toBe(false);
    await tasks.more("pending");
    expect(server.asked).toHaveLength(3);
  });

  it("change as the stream tells", () => {
    const tasks = tasksOf(new Server());
    tasks.take(aChange("task.created", open));
    expect(titles(tasks.pending)).toEqual(["open"]);
    tasks.take(aDeletion(2, open));
    expect(tasks.pending).toEqual([]);
  });

  it("are added once when the first answer was lost", async () => {
    const lost = (): Response => {
      throw new TypeError("failed to fetch");
    };
    const server = new Server().on("POST /tasks", lost, json(open, 201), json(open, 201));
    const tasks = tasksOf(server);
    await expect(tasks.add({ title: "open" })).rejects.toMatchObject({ status: 0 });
    await tasks.add({ title: "open" });
    await tasks.add({ title: "open" });
    const keys = server.asked.map(({ headers }) => headers.get("Idempotency-Key"));
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[1]);
  });

  it("are completed and opened again", async () => {
    const completed = aTask({ ...open, version: 2, status: "completed" });
    const server = new Server()
      .on("POST /tasks/a/complete", json(completed))
      .on("POST /tasks/a/reopen", json({ ...open, version: 3 }));
    const tasks = tasksOf(server);
    tasks.take(aChange("task.created", open));
    await tasks.toggle(open);
    expect(titles(tasks.completed)).toEqual(["open"]);
    await tasks.toggle(completed);
    expect(titles(tasks.pending)).toEqual(["open"]);
  });

  it("are deleted, which late news of them does not undo, and restored", async () => {
    const server = new Server()
      .on("DELETE /tasks/a", new Response(null, { status: 204 }))
      .on("POST /tasks/a/restore", json({ ...open, version: 3 }));
    const tasks = tasksOf(server);
    tasks.take(aChange("task.created", open));
    await tasks.remove(open);
    tasks.take(aChange("task.created", open));
    tasks.take(aDeletion(2, open));
    expect(tasks.pending).toEqual([]);
    await tasks.restore("a");
    expect(tasks.pending[0]?.version).toBe(3);
  });

  it("show what others made of one before a stale write fails", async () => {
    const newer = aTask({ ...open, version: 2, title: "newer" });
    const server = new Server()
      .on("DELETE /tasks/a", problem(412, {}))
      .on("GET /tasks/a", json(newer));
    const tasks = tasksOf(server);
    tasks.take(aChange("task.created", open));
    await expect(tasks.remove(open)).rejects.toThrow("changed elsewhere");
    expect(titles(tasks.pending)).toEqual(["newer"]);
  });

  it("lose one that has gone when it is written to", async () => {
    const gone = problem(404, {});
    const server = new Server().on("POST /tasks/a/complete", gone).on("GET /tasks/a", gone);
    const tasks = tasksOf(server);
    tasks.take(aChange("task.created", open));
    await expect(tasks.toggle(open)).rejects.toMatchObject({ status: 404 });
    expect(tasks.pending).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { Api } from "../../src/api/client";
import { ApiError } from "../../src/api/problem";
import { aTask } from "../fixtures";
import { ORIGIN, Server, json, problem } from "../server";

const task = aTask({ version: 3 });

describe("a call", () => {
  it("guards a write by the version seen, and names none by a key that the server does not read", async () => {
    const server = new Server()
      .on(`POST /tasks/${task.id}/complete`, json(task))
      .on(`POST /tasks/${task.id}/reopen`, json(task))
      .on(`DELETE /tasks/${task.id}`, new Response(null, { status: 204 }));
    server.on(`POST /tasks/${task.id}/restore`, json(task));
    const api = new Api(server.send, ORIGIN);
    await api.complete(task);
    await api.reopen(task);
    await api.remove(task);
    expect(server.asked.map(({ headers }) => headers.get("If-Match"))).toEqual(
      Array(3).fill('"3"'),
    );
    await api.restore(task.id);
    expect(server.asked.filter(({ headers }) => headers.has("Idempotency-Key"))).toEqual([]);
  });

  it("creates under the key that it is given", async () => {
    const server = new Server().on("POST /tasks", json(task, 201));
    expect(await new Api(server.send, ORIGIN).create({ title: "x" }, "key")).toEqual(task);
    expect(server.asked[0]?.headers.get("Idempotency-Key")).toBe("key");
  });

  it("asks for a list in the order in which it is shown", async () => {
    const server = new Server().on("GET /tasks", json({ items: [], next_cursor: null }));
    const api = new Api(server.send, ORIGIN);
    await api.tasks("pending", { limit: 50 });
    await api.tasks("completed", { limit: 50, cursor: "c" });
    expect(server.calls).toEqual([
      "GET /tasks?status=pending&sort=due_date&limit=50",
      "GET /tasks?status=completed&sort=-created_at&limit=50&cursor=c",
    ]);
  });

  it("that is refused throws the problem", async () => {
    const refusal = problem(412, { detail: "The task has changed." });
    const server = new Server().on(`DELETE /tasks/${task.id}`, refusal);
    await expect(new Api(server.send, ORIGIN).remove(task)).rejects.toEqual(
      new ApiError(412, "The task has changed."),
    );
  });

  it("that does not reach the server throws that", async () => {
    await expect(new Api(new Server().send, ORIGIN).me()).rejects.toMatchObject({ status: 0 });
  });

  it("that is answered with no body where one is due throws", async () => {
    const empty = new Response(null, { status: 204 });
    const server = new Server().on("GET /auth/me", empty);
    await expect(new Api(server.send, ORIGIN).me()).rejects.toBeInstanceOf(ApiError);
  });
});

import { describe, expect, it } from "vitest";
import { Api } from "../../src/api/client";
import { Tasks } from "../../src/store/tasks.svelte";
import { Trash } from "../../src/store/trash.svelte";
import { aTask } from "../fixtures";
import { ORIGIN, Server, json } from "../server";

const early = aTask({ id: "a", deleted_at: "2026-01-20T08:00:00Z" });
const late = aTask({ id: "b", deleted_at: "2026-01-21T08:00:00Z" });

describe("the trash", () => {
  it("has what was deleted last first, page by page, and gives it back", async () => {
    const server = new Server()
      .on(
        "GET /tasks",
        json({ items: [early], next_cursor: "next" }),
        json({ items: [early, late], next_cursor: null }),
      )
      .on("POST /tasks/b/restore", json({ ...late, version: 3, deleted_at: null }));
    const api = new Api(server.send, ORIGIN);
    const tasks = new Tasks(api);
    const trash = new Trash(api, (id) => tasks.restore(id));
    await trash.refresh();
    expect([trash.hasMore, server.calls[0]]).toEqual([true, "GET /tasks?status=deleted&limit=100"]);
    await trash.more();
    await trash.more();
    expect(trash.items.map(({ id }) => id)).toEqual(["b", "a"]);
    await trash.restore(late);
    expect(trash.items.map(({ id }) => id)).toEqual(["a"]);
    expect(tasks.pending.map(({ id }) => id)).toEqual(["b"]);
  });
});

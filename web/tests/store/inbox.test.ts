import { describe, expect, it } from "vitest";
import { Api } from "../../src/api/client";
import { ReminderApi } from "../../src/api/reminders";
import type { Notification } from "../../src/api/types";
import type { LiveEvent } from "../../src/live/frame";
import { Inbox } from "../../src/store/inbox.svelte";
import { Reminders } from "../../src/store/reminders.svelte";
import { ORIGIN, Server, json } from "../server";

const REMINDED = { id: "r", fire_at: "2026-01-20T08:00:00Z", late_by_seconds: 0 };

function notification(id: string, read_at: string | null = null): Notification {
  const created_at = "2026-01-20T08:00:00Z";
  return {
    id,
    event_type: "task.created",
    task_id: "t",
    title: id,
    body: "",
    version: 1,
    created_at,
    read_at,
  };
}

function event(id: string, fields: Partial<LiveEvent> = {}): LiveEvent {
  const told = { task: null, reminder: null, merged: 0, silent: false };
  return { ...notification(id), id, ...told, ...fields };
}

function page(items: Notification[], unread: number, next_cursor: string | null = null): Response {
  return json({ items, unread, next_cursor });
}

function inboxOf(server: Server): Inbox {
  const reminders = new Reminders(new ReminderApi(server.send, ORIGIN));
  return new Inbox(new Api(server.send, ORIGIN), (id) => reminders.see(id));
}

function ids(inbox: Inbox): string[] {
  return inbox.items.map((item) => String(item.id));
}

describe("the inbox", () => {
  it("is fetched with its count, and further back on request", async () => {
    const server = new Server().on(
      "GET /notifications",
      page([notification("c"), notification("b")], 7, "next"),
      page([notification("b"), notification("a", "2026-01-20T09:00:00Z")], 7),
    );
    const inbox = inboxOf(server);
    await inbox.refresh();
    expect([inbox.unread, inbox.hasMore]).toEqual([7, true]);
    await inbox.more();
    expect(ids(inbox)).toEqual(["c", "b", "a"]);
    await inbox.more();
    expect(server.asked).toHaveLength(2);
  });

  it("has seen every reminder that it has read of once all is read", async () => {
    const server = new Server()
      .on(
        "GET /notifications",
        page(
          [
            { ...notification("c"), reminder: REMINDED },
            notification("b"),
            { ...notification("a", "2026-01-20T09:00:00Z"), reminder: { ...REMINDED, id: "old" } },
          ],
          2,
        ),
      )
      .on("POST /notifications/read-all", json({ unread: 0 }))
      .on("POST /reminders/r/seen", json({}));
    const inbox = inboxOf(server);
    await inbox.refresh();
    await inbox.markAllRead();
    expect(server.calls.slice(1)).toEqual([
      "POST /notifications/read-all",
      "POST /reminders/r/seen",
    ]);
  });

  it("has seen a reminder once it has read of it", async () => {
    const done = (): Response => new Response(null, { status: 204 });
    const server = new Server()
      .on("POST /notifications/a/read", done())
      .on("POST /reminders/r/seen", done());
    const inbox = inboxOf(server);
    inbox.take(event("a", { event_type: "reminder.triggered", reminder: REMINDED }));
    for (const item of inbox.items) await inbox.markRead(item);
    expect(server.asked).toHaveLength(2);
    expect(inbox.unread).toBe(0);
  });

  it("tells once that a reminder was shown, and again where nobody was reached", async () => {
    const lost = (): Response => {
      throw new TypeError("failed to fetch");
    };
    const server = new Server().on("POST /reminders/r/seen", lost, json({}));
    const inbox = inboxOf(server);
    inbox.take(event("a", { event_type: "reminder.triggered", reminder: REMINDED }));
    const [item] = inbox.items;
    if (!item) throw new Error("nothing there");
    await inbox.show(item);
    await inbox.show(item);
    await inbox.show(item);
    expect(server.asked).toHaveLength(2);
    expect(inbox.unread).toBe(1);
  });

  it("has no news in what was done on this page, whichever comes first", async () => {
    const read = (): Response => new Response(null, { status: 204 });
    const server = new Server()
      .on("POST /notifications/a/read", read())
      .on("POST /notifications/b/read", read());
    const inbox = inboxOf(server);
    inbox.take(event("a"));
    inbox.expect("t", 1);
    await inbox.readOwn();
    inbox.expect("t", 2);
    inbox.take(event("r", { version: 2, event_type: "reminder.triggered" }));
    inbox.take(event("b", { version: 2, event_type: "task.updated" }));
    await inbox.readOwn();
    expect(inbox.items.filter((item) => !item.read_at).map((item) => item.id)).toEqual(["r"]);
    expect(inbox.unread).toBe(1);
  });

  it("counts what comes live once, and what was merged into it", () => {
    const inbox = inboxOf(new Server());
    expect(inbox.take(event("a"))).not.toBeNull();
    expect(inbox.take(event("a"))).toBeNull();
    expect(inbox.take(event("b", { merged: 2 }))).not.toBeNull();
    expect([ids(inbox), inbox.unread]).toEqual([["b", "a"], 4]);
  });

  it("keeps silent about what the person does not want to hear of", () => {
    const inbox = inboxOf(new Server());
    expect(inbox.take(event("a", { silent: true }))).toBeNull();
    expect([ids(inbox), inbox.unread]).toEqual([[], 0]);
  });

  it("neither loses nor doubles what comes live while it is fetched", async () => {
    let answer: (response: Response) => void = () => undefined;
    const held = new Promise<Response>((resolve) => {
      answer = resolve;
    });
    const inbox = inboxOf(new Server().on("GET /notifications", () => held));
    const fetched = inbox.refresh();
    inbox.take(event("listed"));
    inbox.take(event("not listed"));
    answer(page([notification("listed"), notification("old")], 2));
    await fetched;
    expect([ids(inbox), inbox.unread]).toEqual([["not listed", "listed", "old"], 3]);
  });

  it("knows what is replayed from the list, where its id is a number", async () => {
    const listed = { ...notification("7"), id: 7 };
    const server = new Server().on("GET /notifications", json({ items: [listed], unread: 1 }));
    const inbox = inboxOf(server);
    await inbox.refresh();
    expect(inbox.take(event("7"))).toBeNull();
    expect(inbox.take(event("8"))).not.toBeNull();
    expect([inbox.items.length, inbox.unread]).toEqual([2, 2]);
  });

  it("is read one by one or all at once", async () => {
    const server = new Server()
      .on("GET /notifications", page([notification("a"), notification("b")], 2))
      .on("POST /notifications/a/read", json({}))
      .on("POST /notifications/read-all", json({}));
    const inbox = inboxOf(server);
    await inbox.refresh();
    const [first] = inbox.items;
    if (!first) throw new Error("nothing there");
    await inbox.markRead(first);
    expect([
      inbox.unread,
      Boolean(inbox.items[0]?.read_at),
      Boolean(inbox.items[1]?.read_at),
    ]).toEqual([1, true, false]);
    await inbox.markRead({ ...first, read_at: "2026-01-20T09:00:00Z" });
    await inbox.markAllRead();
    expect([inbox.unread, inbox.items.every((item) => item.read_at)]).toEqual([0, true]);
    expect(server.calls.filter((call) => call.endsWith("/read"))).toHaveLength(1);
  });
});

import { describe, expect, it } from "vitest";
import { ChannelApi } from "../../src/api/channels";
import type { Subscription } from "../../src/api/types";
import { type Browser, decode } from "../../src/live/push";
import { Channels } from "../../src/store/channels.svelte";
import { ORIGIN, Server, json, problem } from "../server";

const SUBSCRIPTION = { endpoint: "https://push.example/x", keys: { p256dh: "B", auth: "A" } };
const KINDS = [{ kind: "webhook", is_available: true, reason: null }];

function channel(id: string, more: object = {}): object {
  return { id, kind: "webhook", name: id, address: "https://a.example", is_on: true, ...more };
}

/** A browser that is subscribed, or is not; `left` says how often it was to be so no more. */
class Subscribed implements Browser {
  left = 0;
  constructor(readonly subscription: Subscription | null = null) {}
  subscribe = (key: string): Promise<Subscription> => {
    expect(key).toBe("the key");
    return Promise.resolve(SUBSCRIPTION);
  };
  present = (): Promise<Subscription | null> => Promise.resolve(this.subscription);
  leave = (): Promise<void> => {
    this.left += 1;
    return Promise.resolve();
  };
}

async function loaded(server: Server, ...ids: string[]): Promise<Channels> {
  const items = ids.map((id) => channel(id));
  server.on("GET /reminders/channels", json({ kinds: KINDS, items }));
  const api = new ChannelApi(server.send, ORIGIN);
  const channels = new Channels(api, new Subscribed());
  await channels.refresh();
  return channels;
}

describe("the channels", () => {
  it("are shown in the order of preference, with the kinds that there are", async () => {
    const channels = await loaded(new Server(), "a", "b");
    expect(channels.items.map((item) => item.id)).toEqual(["a", "b"]);
    expect(channels.kinds).toEqual(KINDS);
    expect(channels.isLoaded).toBe(true);
  });

  it("give a webhook's secret away once", async () => {
    const server = new Server();
    const channels = await loaded(server, "a");
    server.on("POST /reminders/channels", json({ channel: channel("b"), secret: "s" }, 201));
    expect(await channels.add({ kind: "webhook", url: "https://b.example" })).toBe("s");
    expect(server.calls.at(-1)).toBe("GET /reminders/channels");
  });

  it("add this browser with what it subscribed with", async () => {
    const server = new Server();
    const channels = await loaded(server);
    server
      .on("GET /reminders/channels/web-push/key", json({ key: "the key" }))
      .on("POST /reminders/channels", json({ channel: channel("b"), secret: null }, 201));
    await channels.addBrowser("This browser");
    const sent = server.asked.find((asked) => asked.call === "POST /reminders/channels");
    expect(sent?.body).toEqual({
      kind: "web_push",
      name: "This browser",
      subscription: SUBSCRIPTION,
    });
  });

  it("raise one to the place of the one before it", async () => {
    const server = new Server();
    const channels = await loaded(server, "a", "b", "c");
    server.on("PATCH /reminders/channels/c", json(channel("c")));
    const last = channels.items[2];
    if (last) await channels.raise(last);
    expect(server.asked.find((asked) => asked.call.startsWith("PATCH"))?.body).toEqual({
      position: 2,
    });
  });

  it("show what the server says of one after each change", async () => {
    const server = new Server();
    const channels = await loaded(server, "a", "b");
    const [first] = channels.items;
    if (!first) throw new Error("there is none");
    server
      .on("PATCH /reminders/channels/a", json(channel("a", { is_on: false })))
      .on("POST /reminders/channels/a/verify", json(channel("a", { is_on: true })))
      .on("DELETE /reminders/channels/a", new Response(null, { status: 204 }));
    await channels.turn(first, false);
    expect(channels.items[0]?.is_on).toBe(false);
    await channels.verify(first, "01234567");
    expect(channels.items[0]?.is_on).toBe(true);
    await channels.remove(first);
    expect(channels.items.map((item) => item.id)).toEqual(["b"]);
  });
});

describe("the browser of somebody who comes", () => {
  const ADD = "POST /reminders/channels";

  function channelsOf(server: Server, browser: Browser): Channels {
    return new Channels(new ChannelApi(server.send, ORIGIN), browser);
  }

  it("is said to be there where it is subscribed, and takes its own place", async () => {
    const server = new Server().on(ADD, json({ channel: channel("b"), secret: null }, 201));
    const browser = new Subscribed(SUBSCRIPTION);
    await channelsOf(server, browser).keepBrowser();
    const replaces = SUBSCRIPTION.endpoint;
    const body = { kind: "web_push", subscription: SUBSCRIPTION, replaces };
    expect(server.asked.map((asked) => asked.body)).toEqual([body]);
    expect(browser.left).toBe(0);
  });

  it("is not spoken of where it is not subscribed", async () => {
    const server = new Server();
    await channelsOf(server, new Subscribed()).keepBrowser();
    expect(server.calls).toEqual([]);
  });

  it("is pushed to no more where it was somebody else's, and is where the server is away", async () => {
    const browser = new Subscribed(SUBSCRIPTION);
    const away = new Server().on(ADD, problem(503, {}));
    await channelsOf(away, browser).keepBrowser();
    expect(browser.left).toBe(0);
    const foreign = new Server().on(ADD, problem(404, {}));
    await channelsOf(foreign, browser).keepBrowser();
    expect(browser.left).toBe(1);
  });
});

describe("a key of Web Push", () => {
  it("is read from base64url, with and without what plain base64 has not", () => {
    expect([...decode("-_8A")]).toEqual([251, 255, 0]);
    expect([...decode("_w")]).toEqual([255]);
  });
});

/** The service worker, as a browser runs it: its file, with what a worker has around it. */
import { describe, expect, it } from "vitest";
import SOURCE from "../../public/service-worker.js?raw";
import { ORIGIN, Server, json, problem } from "../server";

const KEYS = { p256dh: "B", auth: "A" };
const ADD = "POST /reminders/channels";
const REFRESH = "POST /auth/refresh";

type Handler = (event: object) => void;

/** A subscription; `isLeft` says whether it was given up. */
class Subscription {
  isLeft = false;
  readonly options = { applicationServerKey: "the key" };
  constructor(readonly endpoint: string) {}
  toJSON(): object {
    return { endpoint: this.endpoint, expirationTime: null, keys: KEYS };
  }
  unsubscribe(): Promise<boolean> {
    this.isLeft = true;
    return Promise.resolve(true);
  }
}

class Worker {
  readonly asked: object[] = [];
  readonly locked: string[] = [];
  readonly fresh = new Subscription("https://push.example/fresh");
  readonly #handlers = new Map<string, Handler>();

  constructor(server: Server) {
    const self = {
      addEventListener: (name: string, handler: Handler) => this.#handlers.set(name, handler),
      registration: { pushManager: { subscribe: (how: object) => this.#subscribe(how) } },
      navigator: {
        locks: { request: (name: string, work: () => unknown) => this.#lock(name, work) },
      },
    };
    const fetch = (path: string, how: RequestInit): Promise<Response> =>
      server.send(new Request(ORIGIN + path, how));
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- it is our own file
    const run = new Function("self", "fetch", SOURCE) as (self: object, fetch: object) => void;
    run(self, fetch);
  }

  /** Lets something happen, and waits for what comes of it. */
  async on(name: string, fields: object): Promise<void> {
    const waited: unknown[] = [];
    this.#handlers.get(name)?.({ ...fields, waitUntil: (work: unknown) => waited.push(work) });
    await Promise.all(waited);
  }

  #subscribe(how: object): Promise<Subscription> {
    this.asked.push(how);
    return Promise.resolve(this.fresh);
  }

  #lock(name: string, work: () => unknown): unknown {
    this.locked.push(name);
    return work();
  }
}

describe("a subscription that the push service renews", () => {
  const old = new Subscription("https://push.example/old");
  const body = (endpoint: string): object => ({
    kind: "web_push",
    subscription: { endpoint, keys: KEYS },
    replaces: old.endpoint,
  });

  it("takes the place of the former one at the service", async () => {
    const server = new Server().on(ADD, json({}, 201));
    const newSubscription = new Subscription("https://push.example/new");
    await new Worker(server).on("pushsubscriptionchange", {
      oldSubscription: old,
      newSubscription,
    });
    expect(server.asked.map((asked) => asked.body)).toEqual([body(newSubscription.endpoint)]);
  });

  it("is asked for with the same key where the browser only says that it ended", async () => {
    const server = new Server().on(ADD, json({}, 201));
    const worker = new Worker(server);
    await worker.on("pushsubscriptionchange", { oldSubscription: old, newSubscription: null });
    expect(worker.asked).toEqual([{ userVisibleOnly: true, applicationServerKey: "the key" }]);
    expect(server.asked.map((asked) => asked.body)).toEqual([body(worker.fresh.endpoint)]);
    expect(worker.fresh.isLeft).toBe(false);
  });

  it("is told of after the session was renewed, alone among the tabs", async () => {
    const server = new Server().on(ADD, problem(401, {}), json({}, 201)).on(REFRESH, json({}));
    const worker = new Worker(server);
    await worker.on("pushsubscriptionchange", { oldSubscription: old });
    expect(server.calls).toEqual([ADD, REFRESH, ADD]);
    expect(worker.locked).toEqual(["taskflow-session-renewal"]);
  });

  it("is given up where nobody is logged in, and where nobody knows what it was", async () => {
    const server = new Server().on(ADD, problem(401, {})).on(REFRESH, problem(401, {}));
    const worker = new Worker(server);
    await worker.on("pushsubscriptionchange", { oldSubscription: old });
    expect(worker.fresh.isLeft).toBe(true);
    const other = new Worker(server);
    await other.on("pushsubscriptionchange", {});
    expect(other.asked).toEqual([]);
  });
});

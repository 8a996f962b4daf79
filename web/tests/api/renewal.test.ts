import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { renewing, sessionRenewal } from "../../src/api/renewal";
import { ORIGIN, Server, json, problem } from "../server";

const UNKNOWN = problem(401, { detail: "Log in first." });
const tasks = (): Request => new Request(`${ORIGIN}/api/v1/tasks`);

function world(server: Server): { send: typeof server.send; ended: ReturnType<typeof vi.fn> } {
  const ended = vi.fn();
  return { send: renewing(server.send, sessionRenewal(server.send, ORIGIN, ended)), ended };
}

describe("a call without a session", () => {
  beforeEach(() => {
    vi.stubGlobal("navigator", {});
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("is sent again after one renewal, with its body", async () => {
    const server = new Server()
      .on("POST /tasks", UNKNOWN, json({ id: "1" }, 201))
      .on("POST /auth/refresh", json({}));
    const { send, ended } = world(server);
    const answer = await send(
      new Request(`${ORIGIN}/api/v1/tasks`, { method: "POST", body: '{"title":"x"}' }),
    );
    expect(answer.status).toBe(201);
    expect(server.calls).toEqual(["POST /tasks", "POST /auth/refresh", "POST /tasks"]);
    expect(server.asked.map((asked) => asked.body)).toEqual([{ title: "x" }, {}, { title: "x" }]);
    expect(ended).not.toHaveBeenCalled();
  });

  it("leaves no answer unread that nobody else reads", async () => {
    const given: Response[] = [];
    const server = new Server()
      .on("GET /tasks", UNKNOWN, json({}))
      .on("POST /auth/refresh", json({}));
    const listening = async (request: Request): Promise<Response> => {
      const answer = await server.send(request);
      given.push(answer);
      return answer;
    };
    await renewing(listening, sessionRenewal(listening, ORIGIN, vi.fn()))(tasks());
    expect(given.map((answer) => answer.bodyUsed)).toEqual([true, true, false]);
  });

  it("fails as it was when there is nothing to renew, and says that the session has ended", async () => {
    const server = new Server().on("GET /tasks", UNKNOWN).on("POST /auth/refresh", UNKNOWN);
    const { send, ended } = world(server);
    expect((await send(tasks())).status).toBe(401);
    expect(server.calls).toEqual(["GET /tasks", "POST /auth/refresh"]);
    expect(ended).toHaveBeenCalledOnce();
  });

  it("is not tried a third time", async () => {
    const server = new Server().on("GET /tasks", UNKNOWN).on("POST /auth/refresh", json({}));
    const { send } = world(server);
    expect((await send(tasks())).status).toBe(401);
    expect(server.calls).toHaveLength(3);
  });

  it("shares its renewal with all that fail meanwhile, since a refresh token counts once", async () => {
    const server = new Server()
      .on("GET /tasks", UNKNOWN, UNKNOWN, UNKNOWN, json({}))
      .on("POST /auth/refresh", json({}));
    const { send } = world(server);
    const answers = await Promise.all([send(tasks()), send(tasks()), send(tasks())]);
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
    expect(server.calls.filter((call) => call === "POST /auth/refresh")).toHaveLength(1);
  });

  it("does not end the session while the server is busy or broken", async () => {
    for (const status of [429, 500, 503]) {
      const server = new Server()
        .on("GET /tasks", UNKNOWN)
        .on("POST /auth/refresh", problem(status, {}));
      const { send, ended } = world(server);
      expect((await send(tasks())).status).toBe(401);
      expect(ended).not.toHaveBeenCalled();
    }
  });

  it("renews while no other tab does, where the browser can see to that", async () => {
    const request = vi.fn((_name: string, work: () => Promise<boolean>) => work());
    vi.stubGlobal("navigator", { locks: { request } });
    const server = new Server()
      .on("GET /tasks", UNKNOWN, json({}))
      .on("POST /auth/refresh", json({}));
    const { send } = world(server);
    expect((await send(tasks())).status).toBe(200);
    expect(request).toHaveBeenCalledOnce();
  });

  it("can renew again after a renewal that failed", async () => {
    const server = new Server()
      .on("GET /tasks", UNKNOWN, UNKNOWN, json({}))
      .on("POST /auth/refresh", problem(503, {}), json({}));
    const { send } = world(server);
    expect((await send(tasks())).status).toBe(401);
    expect((await send(tasks())).status).toBe(200);
  });

  it("is renewed to log out, so that the session really ends", async () => {
    const gone = (): Response => new Response(null, { status: 204 });
    const server = new Server()
      .on("POST /auth/logout", UNKNOWN, gone)
      .on("POST /auth/refresh", json({}));
    const { send } = world(server);
    const logout = new Request(`${ORIGIN}/api/v1/auth/logout`, { method: "POST" });
    expect((await send(logout)).status).toBe(204);
  });

  it("is not renewed where the refusal is about a password", async () => {
    const server = new Server().on("POST /auth/login", UNKNOWN);
    const { send } = world(server);
    await send(new Request(`${ORIGIN}/api/v1/auth/login`, { method: "POST", body: "{}" }));
    expect(server.calls).toEqual(["POST /auth/login"]);
  });
});

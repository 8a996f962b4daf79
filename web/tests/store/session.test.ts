import { describe, expect, it } from "vitest";
import { Api } from "../../src/api/client";
import { Session } from "../../src/store/session.svelte";
import { ORIGIN, Server, json, problem } from "../server";

const user = { id: "u", email: "a@b.example", name: "Ada", timezone: "UTC", role: "admin" };

function sessionOf(server: Server): Session {
  return new Session(new Api(server.send, ORIGIN));
}

describe("the session", () => {
  it("goes on where the browser has one, and asks to log in where it has none", async () => {
    const known = sessionOf(new Server().on("GET /auth/me", json(user)));
    await known.resume();
    expect([known.status, known.user?.name]).toEqual(["known", "Ada"]);
    const unknown = sessionOf(new Server().on("GET /auth/me", problem(401, {})));
    await unknown.resume();
    expect([unknown.status, unknown.notice]).toEqual(["anonymous", ""]);
  });

  it("is not asked for where the browser has no mark of one", async () => {
    const server = new Server();
    const session = new Session(new Api(server.send, ORIGIN), () => false);
    await session.resume();
    expect([session.status, server.calls]).toEqual(["anonymous", []]);
  });

  it("stays open and says why while the server is away, and can be asked for again", async () => {
    const session = sessionOf(
      new Server().on("GET /auth/me", problem(503, { detail: "Away." }), json(user)),
    );
    await session.resume();
    expect([session.status, session.notice]).toEqual(["unknown", "Away."]);
    await session.resume();
    expect([session.status, session.notice]).toEqual(["known", ""]);
  });

  it("ends here whatever becomes of what is pushed to the browser", async () => {
    const server = new Server()
      .on("GET /auth/me", json(user))
      .on("POST /auth/logout", new Response(null, { status: 204 }));
    for (const left of [Promise.resolve(), Promise.reject(new Error("no"))]) {
      let asked = 0;
      const leave = (): Promise<void> => {
        asked += 1;
        return left;
      };
      const session = new Session(new Api(server.send, ORIGIN), () => true, leave);
      await session.resume();
      await session.logout();
      expect([session.status, asked]).toEqual(["anonymous", 1]);
    }
  });

  it("begins with a registration and a login", async () => {
    const server = new Server()
      .on("POST /auth/register", json(user, 201))
      .on("POST /auth/login", json({}))
      .on("GET /auth/me", json(user));
    const session = sessionOf(server);
    await session.register({ email: user.email, password: "Test123!", name: "Ada" });
    expect(server.calls).toEqual(["POST /auth/register", "POST /auth/login", "GET /auth/me"]);
    expect(server.asked[1]?.body).toEqual({ email: user.email, password: "Test123!" });
    expect(session.status).toBe("known");
  });

  it("does not begin with a wrong password", async () => {
    const server = new Server().on("POST /auth/login", problem(401, { detail: "Wrong." }));
    const session = sessionOf(server);
    await expect(session.login({ email: "a", password: "b" })).rejects.toThrow("Wrong.");
    expect(session.user).toBeNull();
  });

  it("ends with the logout, or when the server says so, which is told", async () => {
    const server = new Server()
      .on("GET /auth/me", json(user))
      .on("POST /auth/logout", new Response(null, { status: 204 }));
    const session = sessionOf(server);
    await session.resume();
    await session.logout();
    expect([session.status, session.user, session.notice]).toEqual(["anonymous", null, ""]);
    await session.resume();
    session.expire();
    expect([session.status, session.user]).toEqual(["anonymous", null]);
    expect(session.notice).toContain("ended");
  });
});

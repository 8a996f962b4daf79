/**
 * What of the server is away, by its answers: 503 says that something it needs is not there.
 *
 * What may be sent twice is sent again for some seconds, so that a short outage is a short wait.
 * What stays away is asked after until it is back; `returns` rises then.
 */
import type { Send } from "../api/renewal";
import { Pause, backoff } from "../live/backoff";

/** How long a call waits before it is sent again; after the last one its answer stands. */
export const WAITS_MS = [1000, 2000, 4000];
const AWAY = 503;
const PROBE_MS = 1000;

/** The parts by the first step of their addresses: what people call them, and what tells of them. */
const PARTS: Readonly<Record<string, readonly [string, string]>> = {
  auth: ["your account", "auth/me"],
  tasks: ["tasks", "tasks?limit=1"],
  recurring: ["series", "recurring/suggestions"],
  reminders: ["reminders", "reminders/channels"],
  notifications: ["notifications", "notifications?limit=1"],
};

export class Outage {
  #away = $state.raw<readonly string[]>([]);
  /** How often something has come back. */
  returns = $state(0);
  /** What is away, as people call it. */
  readonly parts = $derived(this.#away.map((part) => PARTS[part]?.[0] ?? part));
  readonly #plain: Send;
  readonly #api: string;
  readonly #random: () => number;

  /** `random` gives from 0 to 1, and spreads the questions of many pages. */
  constructor(send: Send, origin: string, random: () => number = Math.random) {
    this.#plain = send;
    this.#api = `${origin}/api/v1/`;
    this.#random = random;
  }

  /** Sends a call, and listens to its answer. */
  readonly send: Send = async (request) => {
    for (const wait of mayRepeat(request) ? WAITS_MS : []) {
      const answer = await this.#once(request.clone());
      if (answer.status !== AWAY) return answer;
      await answer.arrayBuffer();
      await new Pause().wait(wait);
    }
    return this.#once(request);
  };

  async #once(request: Request): Promise<Response> {
    const answer = await this.#plain(request);
    const part = request.url.slice(this.#api.length).split(/[/?]/)[0] ?? "";
    if (answer.status === AWAY) this.#miss(part);
    else this.#meet(part);
    return answer;
  }

  #miss(part: string): void {
    if (!(part in PARTS) || this.#away.includes(part)) return;
    this.#away = [...this.#away, part];
    if (this.#away.length === 1) void this.#probe();
  }

  #meet(part: string): void {
    if (!this.#away.includes(part)) return;
    this.#away = this.#away.filter((other) => other !== part);
    this.returns += 1;
  }

  /** Asks after what is away until nothing is. */
  async #probe(): Promise<void> {
    for (let asked = 0; this.#away.length > 0; asked += 1) {
      await new Pause().wait(backoff(asked, PROBE_MS, this.#random()));
      await Promise.all(this.#away.map((part) => this.#ask(part)));
    }
  }

  async #ask(part: string): Promise<void> {
    try {
      const answer = await this.#once(new Request(this.#api + (PARTS[part]?.[1] ?? "")));
      await answer.arrayBuffer();
    } catch (error) {
      // No answer at all: the next question is as good. Fetch knows no other error.
      if (!(error instanceof TypeError)) throw error;
    }
  }
}

/** Whether a call does the same however often it is sent. */
function mayRepeat(request: Request): boolean {
  return request.method === "GET" || request.headers.has("Idempotency-Key");
}

/**
 * What of the server is away, by its answers: 503 says that something it needs is not there.
 *
 * What may be sent twice is sent again for some seconds, so that a short outage is a short wait.
 * What stays away is asked after, ever more seldom. Once it answers, the page fetches what it
 * missed, and only if that meets no 503 either is the part told to be back: where the server can
 * do some of its work, it is neither stormed nor called away and back by turns.
 */
import type { Send } from "../api/renewal";
import { Pause, backoff } from "../live/backoff";

/** How long a call waits before it is sent again; after the last one its answer stands. */
export const WAITS_MS = [1000, 2000, 4000];
const AWAY = 503;
const TOO_MANY = 429;
const PROBE_MS = 1000;
/** What goes away again within this is asked after as seldom as before. */
const SOON_MS = 60_000;
/** With these somebody else may come, or nobody stay. */
const SESSION_CALLS = ["auth/login", "auth/logout"];

/** The parts by the first step of their addresses: what people call them, and what tells of them. */
const PARTS: Readonly<Record<string, readonly [string, string]>> = {
  auth: ["your account", "auth/me"],
  tasks: ["tasks", "tasks?limit=1"],
  recurring: ["series", "recurring/suggestions"],
  reminders: ["reminders", "reminders/channels"],
  notifications: ["notifications", "notifications?limit=1"],
};

type Recover = () => Promise<void>;

export class Outage {
  #away = $state.raw<readonly string[]>([]);
  /** What is away, as people call it. */
  readonly parts = $derived(this.#away.map((part) => PARTS[part]?.[0] ?? part));
  readonly #plain: Send;
  readonly #api: string;
  readonly #random: () => number;
  readonly #recovers = new Set<Recover>();
  /** What has answered that it is away since it was last asked after. */
  readonly #missed = new Set<string>();
  #isAsking = false;
  #asked = 0;
  #endedAt = -Infinity;
  /** How often it may have become somebody else who sends. */
  #sessions = 0;

  /** `random` gives from 0 to 1, and spreads the questions of many pages. */
  constructor(send: Send, origin: string, random: () => number = Math.random) {
    this.#plain = send;
    this.#api = `${origin}/api/v1/`;
    this.#random = random;
  }

  /** Sends a call, and listens to its answer. */
  readonly send: Send = async (request) => {
    if (SESSION_CALLS.includes(this.#path(request))) this.abandon();
    const session = this.#sessions;
    for (const wait of mayRepeat(request) ? WAITS_MS : []) {
      const answer = await this.#once(request.clone());
      if (answer.status !== AWAY) return answer;
      const kept = answer.clone();
      await answer.arrayBuffer();
      await new Pause().wait(wait);
      if (session !== this.#sessions) return kept;
    }
    return this.#once(request);
  };

  /** The session changes or has ended: of what waits, nothing is sent as somebody else. */
  abandon(): void {
    this.#sessions += 1;
  }

  /** Does `recover` whenever something answers again, until the function it returns is called. */
  onReturn(recover: Recover): () => void {
    this.#recovers.add(recover);
    return () => this.#recovers.delete(recover);
  }

  #path(request: Request): string {
    return request.url.slice(this.#api.length);
  }

  async #once(request: Request): Promise<Response> {
    const answer = await this.#plain(request);
    if (answer.status === AWAY) this.#miss(this.#path(request).split(/[/?]/)[0] ?? "");
    return answer;
  }

  #miss(part: string): void {
    if (!(part in PARTS)) return;
    this.#missed.add(part);
    if (!this.#away.includes(part)) this.#away = [...this.#away, part];
    if (!this.#isAsking) void this.#askOn();
  }

  /** Asks after what is away until nothing is. */
  async #askOn(): Promise<void> {
    this.#isAsking = true;
    if (Date.now() - this.#endedAt > SOON_MS) this.#asked = 0;
    while (this.#away.length > 0) {
      await new Pause().wait(backoff(this.#asked, PROBE_MS, this.#random()));
      this.#asked += 1;
      this.#missed.clear();
      const back = await this.#answering();
      if (back.length > 0)
        await Promise.allSettled([...this.#recovers].map((recover) => recover()));
      this.#away = this.#away.filter((part) => this.#missed.has(part) || !back.includes(part));
    }
    this.#isAsking = false;
    this.#endedAt = Date.now();
  }

  /** The parts that were away and do answer. */
  async #answering(): Promise<string[]> {
    const away = this.#away;
    const answers = await Promise.all(away.map((part) => this.#answers(part)));
    return away.filter((_, index) => answers[index]);
  }

  async #answers(part: string): Promise<boolean> {
    try {
      const answer = await this.#once(new Request(this.#api + (PARTS[part]?.[1] ?? "")));
      await answer.arrayBuffer();
      return answer.status < 500 && answer.status !== TOO_MANY;
    } catch (error) {
      // No answer at all: the next question is as good. Fetch knows no other error.
      if (!(error instanceof TypeError)) throw error;
      return false;
    }
  }
}

/** Whether a call does the same however often it is sent; the key is sent where it is heeded. */
function mayRepeat(request: Request): boolean {
  return request.method === "GET" || request.headers.has("Idempotency-Key");
}

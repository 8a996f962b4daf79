/** A stand-in for the network: answers requests from a list of rules and remembers them. */
import type { Send } from "../src/api/renewal";

export const ORIGIN = "http://taskflow.test";

type Answer = Response | (() => Response | Promise<Response>);

export interface Asked {
  call: string;
  headers: Headers;
  body: unknown;
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json", ...headers },
  });
}

export function problem(
  status: number,
  fields: object,
  headers: Record<string, string> = {},
): Response {
  return json({ type: "about:blank", title: "Problem", status, ...fields }, status, {
    "Content-Type": "application/problem+json",
    ...headers,
  });
}

export class Server {
  readonly asked: Asked[] = [];
  readonly #answers = new Map<string, Answer[]>();

  /** Answers a call, such as `GET /tasks`, with these in turn; the last one stays. */
  on(call: string, ...answers: Answer[]): this {
    this.#answers.set(call, answers);
    return this;
  }

  get calls(): string[] {
    return this.asked.map((asked) => asked.call);
  }

  readonly send: Send = async (request) => {
    const { pathname, search } = new URL(request.url);
    const path = pathname.replace("/api/v1", "");
    const text = await request.clone().text();
    const body: unknown = text === "" ? null : JSON.parse(text);
    this.asked.push({ call: `${request.method} ${path}${search}`, headers: request.headers, body });
    return this.#answer(`${request.method} ${path}`);
  };

  async #answer(call: string): Promise<Response> {
    const answers = this.#answers.get(call) ?? [];
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (!answer) throw new TypeError(`nothing answers ${call}`);
    return typeof answer === "function" ? answer() : answer.clone();
  }
}

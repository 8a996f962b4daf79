/** A live stream and the server that it talks to, both in the hands of a test. */
import { vi } from "vitest";
import { LiveStream } from "../../src/live/stream";
import { aTask } from "../fixtures";

const URL = "http://taskflow.test/api/v1/notifications/stream?changes=all";

/** One connection as the server holds it. */
export class Line {
  readonly #encoder = new TextEncoder();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  readonly response: Response;

  constructor(readonly request: Request) {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
        request.signal.addEventListener("abort", () => {
          controller.error(request.signal.reason);
        });
      },
    });
    this.response = new Response(body);
  }

  get resumesFrom(): string | null {
    return this.request.headers.get("Last-Event-ID");
  }

  async write(text: string): Promise<void> {
    this.#controller?.enqueue(this.#encoder.encode(text));
    await settle();
  }

  async ready(position: number): Promise<void> {
    await this.write(`retry: 1000\nevent: ready\ndata: {"position": ${position}}\n\n`);
  }

  async event(id: number | null, task_id: string): Promise<void> {
    const data = { id: `n-${task_id}`, event_type: "task.created", task_id, version: 1 };
    const line = id === null ? "" : `id: ${id}\n`;
    await this.write(
      `${line}event: task.created\ndata: ${JSON.stringify({ ...data, task: aTask() })}\n\n`,
    );
  }

  async close(): Promise<void> {
    this.#controller?.close();
    await settle();
  }

  async break(): Promise<void> {
    this.#controller?.error(new TypeError("network error"));
    await settle();
  }
}

/** Lets what is due happen. */
export async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

/** A stream with a server that the test plays; the timers are faked. */
export class World {
  readonly told: string[] = [];
  readonly lines: Line[] = [];
  /** Answers instead of a line, in turn. */
  readonly refusals: (() => Response)[] = [];

  readonly stream = new LiveStream({
    url: URL,
    random: () => 1,
    send: (request) => {
      const refusal = this.refusals.shift();
      if (refusal) return Promise.resolve().then(refusal);
      const line = new Line(request);
      this.lines.push(line);
      return Promise.resolve(line.response);
    },
    handlers: {
      state: (state) => this.told.push(state),
      ready: () => this.told.push("fetch"),
      resync: () => this.told.push("resync"),
      event: (event) => this.told.push(event.task_id),
    },
  });

  async open(): Promise<Line> {
    void this.stream.start();
    await settle();
    return this.line;
  }

  get line(): Line {
    const line = this.lines.at(-1);
    if (!line) throw new Error("nobody has connected");
    return line;
  }
}

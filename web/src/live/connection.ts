/** One connection to the notification stream, from asking for it to its end. */
import type { Send } from "../api/renewal";
import { SseParser, type SseSink } from "./sse";

/** How it ended: `refused` carries the HTTP status, `lost` means that no answer or no end came. */
export type Ending =
  { kind: "closed" } | { kind: "lost" } | { kind: "refused"; status: number; waitMs: number };

export interface ConnectionOptions {
  url: string;
  send: Send;
  /** Where to go on from; `null` for what is new from now on. */
  position: number | null;
  /** How long nothing may come, heartbeats included, before the connection counts as lost. */
  silenceMs: number;
  signal: AbortSignal;
}

/** Reads a stream into the sink until it ends; throws only what the sink throws. */
export async function readStream(options: ConnectionOptions, sink: SseSink): Promise<Ending> {
  const cut = new AbortController();
  const signal = AbortSignal.any([options.signal, cut.signal]);
  const watchdog = new Watchdog(options.silenceMs, () => {
    cut.abort();
  });
  try {
    const response = await attempt(options.send(request(options, signal)));
    if (!response) return { kind: "lost" };
    if (!response.ok || !response.body) return refusal(response);
    return await pump(response.body, new SseParser(sink), watchdog);
  } finally {
    watchdog.stop();
    cut.abort();
  }
}

async function pump(
  body: ReadableStream<Uint8Array>,
  parser: SseParser,
  watchdog: Watchdog,
): Promise<Ending> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  for (;;) {
    const piece = await attempt(reader.read());
    if (!piece) return { kind: "lost" };
    if (piece.done) return { kind: "closed" };
    watchdog.reset();
    parser.push(decoder.decode(piece.value, { stream: true }));
  }
}

function request(options: ConnectionOptions, signal: AbortSignal): Request {
  const headers = new Headers({ Accept: "text/event-stream" });
  if (options.position !== null) headers.set("Last-Event-ID", String(options.position));
  return new Request(options.url, { headers, signal, cache: "no-store" });
}

function refusal(response: Response): Ending {
  const seconds = Number(response.headers.get("Retry-After"));
  return { kind: "refused", status: response.status, waitMs: seconds > 0 ? seconds * 1000 : 0 };
}

/** The result, or `undefined` where the network failed or the request was cut. */
async function attempt<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    // Fetch reports a broken network as TypeError and a cut as AbortError; nothing else is expected.
    if (error instanceof TypeError || error instanceof DOMException) return undefined;
    throw error;
  }
}

/** Calls back once nothing has come for some time. */
class Watchdog {
  #timer: ReturnType<typeof setTimeout>;

  constructor(
    readonly milliseconds: number,
    readonly bark: () => void,
  ) {
    this.#timer = setTimeout(bark, milliseconds);
  }

  reset(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.bark, this.milliseconds);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

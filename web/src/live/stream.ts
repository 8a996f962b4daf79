/**
 * The live stream: connects, resumes where it was, and comes back by itself.
 *
 * Promises: every event is handed on in the order of the stream; after a break it goes on from the
 * last position, so that nothing is missed; `ready` comes once a connection, and what can't be
 * resumed (changes without a position) is to be fetched afresh then; after `replaced` it stays away
 * until it is started again, since coming back would push out another tab.
 */
import type { Send } from "../api/renewal";
import { Pause, backoff } from "./backoff";
import { type Ending, readStream } from "./connection";
import { type LiveEvent, readEvent, readPosition } from "./frame";
import type { SseFrame } from "./sse";

export type LiveState = "connecting" | "live" | "offline" | "replaced";

export interface StreamHandlers {
  state: (state: LiveState) => void;
  /** Connected: fetch what the stream could not have told. */
  ready: () => void;
  /** The place to resume from is gone: fetch afresh. */
  resync: () => void;
  event: (event: LiveEvent) => void;
}

export interface StreamOptions {
  url: string;
  send: Send;
  handlers: StreamHandlers;
  /** From 0 to 1; spreads the reconnections of many clients. */
  random?: () => number;
}

/** Heartbeats come every 30 s: two of them missing is a dead connection. */
const SILENCE_MS = 75_000;
const RETRY_MS = 3_000;

export class LiveStream {
  readonly #options: StreamOptions;
  #pause = new Pause();
  #running: AbortController | null = null;
  #position: number | null = null;
  #announced: number | null = null;
  #retryMs = RETRY_MS;
  #failures = 0;
  #isReplaced = false;
  #wasLive = false;

  constructor(options: StreamOptions) {
    this.#options = options;
  }

  /** Connects, or connects again after it was replaced; does nothing while it runs. */
  async start(): Promise<void> {
    if (this.#running) return;
    const running = new AbortController();
    this.#running = running;
    this.#failures = 0;
    this.#tell("connecting");
    await this.#run(running.signal);
    if (this.#running === running) this.#running = null;
  }

  /** Disconnects and forgets the position: the next start belongs to another session. */
  stop(): void {
    this.#running?.abort();
    this.#running = null;
    this.#position = null;
    this.#pause.end();
  }

  /** Tries again now instead of waiting: the network is back, or somebody looks at the page. */
  nudge(): void {
    this.#pause.end();
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (;;) {
      const ending = await this.#connect(signal);
      if (signal.aborted) return;
      if (this.#isReplaced) {
        this.#tell("replaced");
        return;
      }
      if (!this.#wasLive) this.#failures += 1;
      this.#tell(this.#wasLive ? "connecting" : "offline");
      const wait = backoff(this.#failures, this.#retryMs, (this.#options.random ?? Math.random)());
      await this.#pause.wait(Math.max(wait, ending.kind === "refused" ? ending.waitMs : 0));
    }
  }

  async #connect(running: AbortSignal): Promise<Ending> {
    this.#isReplaced = false;
    this.#wasLive = false;
    this.#announced = null;
    const connection = new AbortController();
    const signal = AbortSignal.any([running, connection.signal]);
    const { url, send } = this.#options;
    const options = { url, send, signal, position: this.#position, silenceMs: SILENCE_MS };
    return readStream(options, {
      frame: (frame) => {
        if (signal.aborted) return;
        this.#take(frame);
        if (this.#isReplaced) connection.abort();
      },
      retry: (milliseconds) => {
        this.#retryMs = milliseconds;
      },
    });
  }

  #take(frame: SseFrame): void {
    if (frame.event === "ready") this.#ready(frame);
    else if (frame.event === "resync") this.#resync(frame);
    else if (frame.event === "replaced") this.#isReplaced = true;
    else this.#event(frame);
  }

  /** The position it announces may lie beyond what is still to be replayed, so an own one stands. */
  #ready(frame: SseFrame): void {
    this.#announced = readPosition(frame);
    this.#position ??= this.#announced;
    this.#failures = 0;
    this.#wasLive = true;
    this.#tell("live");
    this.#options.handlers.ready();
  }

  #resync(frame: SseFrame): void {
    this.#position = readPosition(frame) ?? this.#announced;
    this.#options.handlers.resync();
  }

  #event(frame: SseFrame): void {
    const event = readEvent(frame);
    if (event) this.#options.handlers.event(event);
    // Only now: what was not handed on is to be sent again.
    if (frame.id !== null && /^\d+$/.test(frame.id)) this.#position = Number(frame.id);
  }

  #tell(state: LiveState): void {
    this.#options.handlers.state(state);
  }
}

/** Reads `text/event-stream` as the HTML standard says (section 9.2.6), in pieces of any size. */

export interface SseFrame {
  event: string;
  data: string;
  /** The frame's own id; `null` when it has none. */
  id: string | null;
}

export interface SseSink {
  frame: (frame: SseFrame) => void;
  /** The server's wish for how long to wait before connecting again. */
  retry: (milliseconds: number) => void;
}

const LINE_END = /\r\n|\r|\n/;

export class SseParser {
  #rest = "";
  #atStart = true;
  #event = "";
  #data: string[] = [];
  #id: string | null = null;

  constructor(readonly sink: SseSink) {}

  /** Takes the next piece of the stream and hands on what it completes. */
  push(piece: string): void {
    this.#rest += this.#atStart ? piece.replace(/^\uFEFF/, "") : piece;
    this.#atStart &&= piece === "";
    // A CR at the end may be half of a CRLF: it stays until more has come.
    const held = this.#rest.endsWith("\r") ? "\r" : "";
    const lines = this.#rest.slice(0, this.#rest.length - held.length).split(LINE_END);
    this.#rest = (lines.pop() ?? "") + held;
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    if (line === "") {
      this.#dispatch();
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    this.#field(name, colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, ""));
  }

  #field(name: string, value: string): void {
    if (name === "event") this.#event = value;
    else if (name === "data") this.#data.push(value);
    else if (name === "id" && !value.includes("\0")) this.#id = value;
    else if (name === "retry" && /^\d+$/.test(value)) this.sink.retry(Number(value));
  }

  #dispatch(): void {
    const frame = { event: this.#event || "message", data: this.#data.join("\n"), id: this.#id };
    const isEmpty = this.#data.length === 0;
    this.#event = "";
    this.#data = [];
    this.#id = null;
    if (!isEmpty) this.sink.frame(frame);
  }
}

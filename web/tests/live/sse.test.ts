import { describe, expect, it } from "vitest";
import { type SseFrame, SseParser } from "../../src/live/sse";

function parse(...pieces: string[]): { frames: SseFrame[]; retries: number[] } {
  const frames: SseFrame[] = [];
  const retries: number[] = [];
  const parser = new SseParser({
    frame: (frame) => frames.push(frame),
    retry: (milliseconds) => retries.push(milliseconds),
  });
  for (const piece of pieces) parser.push(piece);
  return { frames, retries };
}

describe("the reader of event streams", () => {
  it("reads event, data and id", () => {
    const { frames } = parse('id: 7\nevent: task.created\ndata: {"a":1}\n\n');
    expect(frames).toEqual([{ event: "task.created", data: '{"a":1}', id: "7" }]);
  });

  it("reads the same whatever the line ends and however the stream is cut", () => {
    const text =
      "\uFEFFretry: 3000\nevent: ready\ndata: one\ndata: two\n\n: heartbeat\n\nid: 8\ndata: x\n\n";
    for (const end of ["\n", "\r\n", "\r"]) {
      const stream = text.replaceAll("\n", end) + ": more";
      const whole = parse(stream);
      expect(whole.retries).toEqual([3000]);
      expect(whole.frames).toEqual([
        { event: "ready", data: "one\ntwo", id: null },
        { event: "message", data: "x", id: "8" },
      ]);
      expect(parse(...Array.from(stream))).toEqual(whole);
      for (let cut = 0; cut <= stream.length; cut += 1) {
        expect(parse(stream.slice(0, cut), stream.slice(cut))).toEqual(whole);
      }
    }
  });

  it("gives the id to the frame that carries it and to no later one", () => {
    const { frames } = parse("id: 1\ndata: a\n\ndata: b\n\n");
    expect(frames.map((frame) => frame.id)).toEqual(["1", null]);
  });

  it("takes one space after the colon away, and a line without a colon as a name", () => {
    const { frames } = parse("data:  two spaces\ndata:none\ndata\n\n");
    expect(frames[0]?.data).toBe(" two spaces\nnone\n");
  });

  it("ignores comments, unknown fields, frames without data and broken ids or waits", () => {
    const { frames, retries } = parse(
      ": hi\nfoo: bar\nretry: soon\nevent: x\n\nid: a\0b\ndata: y\n\n",
    );
    expect(frames).toEqual([{ event: "message", data: "y", id: null }]);
    expect(retries).toEqual([]);
  });

  it("keeps an unfinished frame to itself", () => {
    expect(parse("id: 1\ndata: a\n").frames).toEqual([]);
  });
});

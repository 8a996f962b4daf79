/** The pieces of a line of quick-add: what was understood, and the title between. */
import type { Understood } from "../api/types";

export interface Piece {
  text: string;
  /** What it was understood as; undefined where it is a part of the title. */
  kind?: string;
}

/** A line in pieces. The spans count code points, of which some are two units of a text here. */
export function pieces(line: string, spans: Understood["spans"]): Piece[] {
  const letters = Array.from(line);
  const found: Piece[] = [];
  let begin = 0;
  for (const { start, end, kind } of spans) {
    found.push({ text: letters.slice(begin, start).join("") });
    found.push({ text: letters.slice(start, end).join(""), kind });
    begin = end;
  }
  found.push({ text: letters.slice(begin).join("") });
  return found.filter(({ text }) => text !== "");
}

/** What a person is told while the page can't show or do all that it should. Pure. */
import type { LiveState } from "../live/stream";

/** Empty while nothing is away; `parts` are those whose answers say so. */
export function awayText(live: LiveState, parts: readonly string[]): string {
  if (live === "offline")
    return "TaskFlow can't be reached. What you see may be old; this page tries again by itself.";
  if (parts.length === 0) return "";
  const names = parts.join(", ");
  return `Not available right now: ${names}. What you write stays here; this page goes on by itself.`;
}

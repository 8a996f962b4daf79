/** The checklist in the notes of a task: the items of Markdown's task lists. All pure. */

export interface ChecklistItem {
  /** Which line of the notes it is. */
  line: number;
  text: string;
  isDone: boolean;
}

const ITEM = /^(\s*(?:>\s*)*(?:[-*+]|\d{1,9}[.)])\s+)\[([ xX])\](?=\s|$)(.*)$/;
const FENCE = /^\s*(`{3,}|~{3,})/;

/** The items, in order; what stands in a fenced block of code is none. */
export function checklist(notes: string): ChecklistItem[] {
  const found: ChecklistItem[] = [];
  let fence = "";
  for (const [line, text] of notes.split("\n").entries()) {
    fence = fenceAfter(text, fence);
    const item = fence === "" ? ITEM.exec(text) : null;
    if (item) found.push({ line, text: (item[3] ?? "").trim(), isDone: item[2] !== " " });
  }
  return found;
}

/** The notes with one item the other way round, and nothing else changed. */
export function toggled(notes: string, item: ChecklistItem): string {
  const mark = item.isDone ? "[ ]" : "[x]";
  const lines = notes.split("\n");
  return lines
    .map((text, at) => (at === item.line ? text.replace(/\[[ xX]\]/, mark) : text))
    .join("\n");
}

/** The fence in which the next line stands; empty for none. */
function fenceAfter(text: string, fence: string): string {
  const mark = FENCE.exec(text)?.[1];
  if (mark === undefined) return fence;
  if (fence === "") return mark;
  return mark.startsWith(fence) ? "" : fence;
}

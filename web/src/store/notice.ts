/** What the person is told in a word as something comes, or is done. Pure. */
import type { LiveEvent } from "../live/frame";

/** Of those that were missed together one is told for all; of the others it is empty. */
export function noticeText({ title, reminder }: Pick<LiveEvent, "title" | "reminder">): string {
  const digest = reminder?.digest;
  if (!digest || digest.missed < 2) return title;
  return digest.place === 1 ? `${digest.missed} reminders were missed.` : "";
}

export function deletedText(title: string): string {
  return `Deleted “${title}”.`;
}

export function completedText(title: string): string {
  return `Completed “${title}”.`;
}

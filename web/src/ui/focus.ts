/** Keeps the keyboard where the person was when what they used has gone. */
import { tick } from "svelte";

/** Moves a lost focus to the first of these, elements or selectors, that is on the page. */
export async function refocus(...places: (string | HTMLElement | null)[]): Promise<void> {
  await tick();
  if (document.activeElement !== null && document.activeElement !== document.body) return;
  for (const place of places) {
    const found = typeof place === "string" ? document.querySelector<HTMLElement>(place) : place;
    if (found?.isConnected) {
      found.focus();
      return;
    }
  }
}

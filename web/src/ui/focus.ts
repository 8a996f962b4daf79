/** Keeps the keyboard where the person was when what they used has gone. */
import { tick } from "svelte";

/** Moves a lost focus to the first of the selectors that is on the page. */
export async function refocus(...selectors: string[]): Promise<void> {
  await tick();
  if (document.activeElement !== null && document.activeElement !== document.body) return;
  for (const selector of selectors) {
    const found = document.querySelector<HTMLElement>(selector);
    if (found) {
      found.focus();
      return;
    }
  }
}

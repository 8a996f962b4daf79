/** What a person has unfolded stays so at their browser, where that keeps anything. */

export function isUnfolded(name: string): boolean {
  try {
    return localStorage.getItem(keyOf(name)) !== null;
  } catch {
    return false;
  }
}

export function keepUnfolded(name: string, isOpen: boolean): void {
  try {
    if (isOpen) localStorage.setItem(keyOf(name), "");
    else localStorage.removeItem(keyOf(name));
  } catch {
    // It is folded again the next time.
  }
}

const keyOf = (name: string): string => `taskflow.unfolded.${name}`;

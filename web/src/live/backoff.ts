/** How long to wait before connecting again: longer each time, and never all clients at once. */

const LONGEST_MS = 30_000;

/**
 * The wait after `failures` failures in a row (0: a stream that was live has ended).
 *
 * It doubles from `baseMs`, stops at 30 s, and lies between half and the whole of that by `random`,
 * a number from 0 to 1.
 */
export function backoff(failures: number, baseMs: number, random: number): number {
  const ceiling = Math.min(LONGEST_MS, baseMs * 2 ** Math.min(failures, 16));
  return Math.round(ceiling * (0.5 + random / 2));
}

/** A wait that can be cut short. */
export class Pause {
  #end: (() => void) | null = null;

  async wait(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#end = null;
  }

  /** Ends the wait, if there is one. */
  end(): void {
    this.#end?.();
  }
}

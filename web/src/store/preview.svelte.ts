/** What a line of quick-add would make, asked for while it is typed. */
import type { Api } from "../api/client";
import { ApiError } from "../api/problem";
import type { Understood } from "../api/types";

/** A pause in typing, after which it is worth asking. */
export const PAUSE_MS = 150;

export class Preview {
  readonly #api: Api;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;

  /** The line that the answer is about. */
  line = $state("");
  understood = $state.raw<Understood | null>(null);
  /** Why the line as it is can be no task; empty where it can, or nobody knows. */
  refused = $state("");

  constructor(api: Api) {
    this.#api = api;
  }

  /** Asks about a line, soon; an answer that comes after the next question is dropped. */
  ask(line: string): void {
    this.forget();
    if (line.trim() === "") return;
    this.#timer = setTimeout(() => void this.#fetch(line), PAUSE_MS);
  }

  /** Forgets what was asked and answered. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.understood = null;
    this.refused = "";
  }

  async #fetch(line: string): Promise<void> {
    const asked = this.#asked;
    try {
      const { understood } = await this.#api.previewQuickAdd({ text: line });
      if (asked !== this.#asked) return;
      this.line = line;
      this.understood = understood;
    } catch (error) {
      // Without an answer there is nothing to show before it is sent.
      if (!(error instanceof ApiError)) throw error;
      if (asked === this.#asked) this.refused = error.about("text") ?? "";
    }
  }
}

/** What a phrase means as a recurrence, asked for while it is typed. */
import type { SeriesApi } from "../api/series";
import { ApiError, describe } from "../api/problem";
import type { RulePreview, RuleTrial } from "../api/types";
import { PAUSE_MS } from "./preview.svelte";

/** What was wrong with a phrase, and from which character (code point) on. */
export interface Misunderstood {
  phrase: string;
  message: string;
  position: number | null;
}

export class Trial {
  understood = $state.raw<RulePreview | null>(null);
  misunderstood = $state.raw<Misunderstood | null>(null);
  readonly #api: SeriesApi;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;

  constructor(api: SeriesApi) {
    this.#api = api;
  }

  /** Asks, soon; what was said of an earlier phrase stands until then, and a late answer is dropped. */
  ask(trial: RuleTrial): void {
    clearTimeout(this.#timer);
    this.#asked += 1;
    if (!trial.text?.trim()) this.forget();
    else this.#timer = setTimeout(() => void this.#fetch(trial, trial.text ?? ""), PAUSE_MS);
  }

  forget(): void {
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.understood = null;
    this.misunderstood = null;
  }

  async #fetch(trial: RuleTrial, phrase: string): Promise<void> {
    const asked = this.#asked;
    try {
      const understood = await this.#api.preview(trial);
      if (asked !== this.#asked) return;
      this.understood = understood;
      this.misunderstood = null;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (asked === this.#asked) this.#miss(error, phrase);
    }
  }

  #miss(error: ApiError, phrase: string): void {
    this.understood = null;
    const message = error.about("text") ?? describe(error);
    this.misunderstood = { phrase, message, position: error.positions.text ?? null };
  }
}

/** What the person seems to do regularly, and could make recurring; the surest first. */
import type { Api } from "../api/client";
import { ApiError } from "../api/problem";
import type { Suggestion, Task } from "../api/types";

export class Suggestions {
  items = $state.raw<readonly Suggestion[]>([]);
  readonly #api: Api;
  readonly #made: (task: Task) => void;

  /** `made` is told of the first task of each series that is made. */
  constructor(api: Api, made: (task: Task) => void) {
    this.#api = api;
    this.#made = made;
  }

  /** Fetches what is suggested. Nobody waits for it, so a failure leaves what is shown. */
  async refresh(): Promise<void> {
    try {
      this.items = (await this.#api.suggestions()).items;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  /** Makes the series; throws ApiError. */
  async accept(suggestion: Suggestion): Promise<void> {
    this.#made(await this.#decided(suggestion, () => this.#api.acceptSuggestion(suggestion.id)));
  }

  /** Never suggests it again; throws ApiError. */
  async dismiss(suggestion: Suggestion): Promise<void> {
    await this.#decided(suggestion, () => this.#api.dismissSuggestion(suggestion.id));
  }

  /** One that is gone, or was decided elsewhere, goes from here too. */
  async #decided<T>(suggestion: Suggestion, decide: () => Promise<T>): Promise<T> {
    try {
      const outcome = await decide();
      this.#drop(suggestion);
      return outcome;
    } catch (error) {
      if (error instanceof ApiError && [404, 409].includes(error.status)) this.#drop(suggestion);
      throw error;
    }
  }

  #drop(suggestion: Suggestion): void {
    this.items = this.items.filter((other) => other.id !== suggestion.id);
  }
}

/** Idempotency keys: a write that is sent again after a lost answer takes effect once. */

/** A fresh key: a UUID, also where the page has no secure context. */
export function freshKey(): string {
  if ("randomUUID" in crypto) return crypto.randomUUID();
  const bytes = (crypto as Crypto).getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Gives one key as long as the same is asked for, until it is done. */
export class RetryKey {
  #content = "";
  #key = "";

  /** The key for sending `content`: the earlier one if that was the same and is not done. */
  for(content: unknown): string {
    const text = JSON.stringify(content);
    if (this.#key === "" || text !== this.#content) {
      this.#content = text;
      this.#key = freshKey();
    }
    return this.#key;
  }

  done(): void {
    this.#key = "";
  }
}

/** The trash: what was deleted in the last 30 days, the last of it first. */
import type { Api } from "../api/client";
import type { Task } from "../api/types";

const PAGE = 100;

export class Trash {
  items = $state.raw<readonly Task[]>([]);
  isLoaded = $state(false);
  #cursor = $state.raw<string | null>(null);
  readonly #api: Api;
  readonly #restore: (id: string) => Promise<void>;

  /** `restore` takes a task out of the trash and shows it where it was. */
  constructor(api: Api, restore: (id: string) => Promise<void>) {
    this.#api = api;
    this.#restore = restore;
  }

  get hasMore(): boolean {
    return this.#cursor !== null;
  }

  /** Fetches it afresh; throws ApiError, as everything below. */
  async refresh(): Promise<void> {
    const page = await this.#api.trash({ limit: PAGE });
    this.items = page.items.toSorted(byDeletion);
    this.#cursor = page.next_cursor;
    this.isLoaded = true;
  }

  async more(): Promise<void> {
    if (this.#cursor === null) return;
    const page = await this.#api.trash({ limit: PAGE, cursor: this.#cursor });
    const known = new Set(this.items.map(({ id }) => id));
    const fresh = page.items.filter(({ id }) => !known.has(id));
    this.items = [...this.items, ...fresh].sort(byDeletion);
    this.#cursor = page.next_cursor;
  }

  async restore(task: Task): Promise<void> {
    await this.#restore(task.id);
    this.items = this.items.filter(({ id }) => id !== task.id);
  }
}

function byDeletion(one: Task, other: Task): number {
  return Date.parse(other.deleted_at ?? "") - Date.parse(one.deleted_at ?? "");
}

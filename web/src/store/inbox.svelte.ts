/** The notifications of the person: the newest of them, and how many are unread. */
import type { Api } from "../api/client";
import type { Notification } from "../api/types";
import type { LiveEvent } from "../live/frame";

const PAGE = 20;

/** The list has numbers where the stream's ids are text; both name the same notification. */
function keyOf(item: { id: string | number }): string {
  return String(item.id);
}

export class Inbox {
  items = $state.raw<readonly Notification[]>([]);
  unread = $state(0);
  #cursor = $state.raw<string | null>(null);
  readonly #own = new Set<string>();
  /** The notifications that have told of a reminder, which was seen thereby. */
  readonly #seen = new Set<string>();
  readonly #api: Api;
  readonly #see: (reminder_id: string) => Promise<boolean>;

  /** `see` notes that a reminder was seen, and answers whether that is known. */
  constructor(api: Api, see: (reminder_id: string) => Promise<boolean>) {
    this.#api = api;
    this.#see = see;
  }

  get hasMore(): boolean {
    return this.#cursor !== null;
  }

  /** Fetches the newest page and the count; throws ApiError. */
  async refresh(): Promise<void> {
    const before = new Set(this.items);
    const page = await this.#api.notifications({ limit: PAGE });
    const listed = new Set(page.items.map(keyOf));
    const meanwhile = this.items.filter((item) => !before.has(item) && !listed.has(keyOf(item)));
    this.items = [...meanwhile, ...page.items];
    this.unread = page.unread + meanwhile.filter((item) => !item.read_at).length;
    this.#cursor = page.next_cursor;
  }

  /** Fetches the next older page; throws ApiError. */
  async more(): Promise<void> {
    if (this.#cursor === null) return;
    const page = await this.#api.notifications({ limit: PAGE, cursor: this.#cursor });
    const known = new Set(this.items.map(keyOf));
    this.items = [...this.items, ...page.items.filter((item) => !known.has(keyOf(item)))];
    this.#cursor = page.next_cursor;
  }

  /**
   * Takes an event of the stream; answers what it tells, or null where that is no news.
   *
   * A merged event stands for older ones too: they count, and the list has them when it is fetched.
   */
  take(event: LiveEvent): Notification | null {
    if (event.silent || this.items.some((item) => keyOf(item) === keyOf(event))) return null;
    const { id, event_type, task_id, title, body, version, created_at, reminder } = event;
    const told = { id, event_type, task_id, title, body, version, created_at, reminder };
    const item: Notification = { ...told, read_at: null };
    this.items = [item, ...this.items];
    this.unread += 1 + event.merged;
    return item;
  }

  /** Remembers a change that was made on this page: whoever made it need not be told of it. */
  expect(task_id: string, version: number): void {
    this.#own.add(`${task_id} ${version}`);
  }

  /** Marks as read what tells of changes that were made on this page; throws ApiError. */
  async readOwn(): Promise<void> {
    const own = this.items.filter(
      (item) =>
        item.event_type !== "reminder.triggered" &&
        this.#own.delete(`${item.task_id} ${item.version}`),
    );
    await Promise.all(own.map((item) => this.markRead(item)));
  }

  /** Whoever has read of a reminder has seen it; throws ApiError. */
  async markRead(item: Notification): Promise<void> {
    const known = this.items.find((other) => keyOf(other) === keyOf(item)) ?? item;
    if (known.read_at) return;
    await this.#api.markRead(keyOf(item));
    this.#read((other) => keyOf(other) === keyOf(item));
    this.unread = Math.max(0, this.unread - 1);
    await this.show(item);
  }

  /** It is shown: the reminder that it tells of is seen, once; unread it stays. */
  async show(item: Notification): Promise<void> {
    const key = keyOf(item);
    if (!item.reminder || this.#seen.has(key)) return;
    this.#seen.add(key);
    // Another showing tells the server what this one could not.
    if (!(await this.#see(item.reminder.id))) this.#seen.delete(key);
  }

  /** Whoever has read of reminders has seen them; throws ApiError. */
  async markAllRead(): Promise<void> {
    const unread = this.items.filter((item) => !item.read_at);
    await this.#api.markAllRead();
    this.#read(() => true);
    this.unread = 0;
    await Promise.all(unread.map((item) => this.show(item)));
  }

  #read(isMeant: (item: Notification) => boolean): void {
    const read_at = new Date().toISOString();
    this.items = this.items.map((item) =>
      isMeant(item) && !item.read_at ? { ...item, read_at } : item,
    );
  }
}

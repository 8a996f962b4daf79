/**
 * What one logged-in person sees: tasks, notifications and messages, kept fresh by the live stream.
 *
 * It lives as long as the login. An answer that comes after it reaches nobody else.
 */
import { createContext } from "svelte";
import type { Api } from "../api/client";
import { ChannelApi } from "../api/channels";
import { SeriesApi } from "../api/series";
import { ApiError, describe } from "../api/problem";
import { ReminderApi } from "../api/reminders";
import type { Send } from "../api/renewal";
import type { LiveEvent } from "../live/frame";
import { type LiveState, LiveStream } from "../live/stream";
import { browser } from "../live/push";
import { Channels } from "./channels.svelte";
import { Inbox } from "./inbox.svelte";
import { Messages } from "./messages.svelte";
import { completedText, noticeText } from "./notice";
import { Preview } from "./preview.svelte";
import { Reminders } from "./reminders.svelte";
import { Suggestions } from "./suggestions.svelte";
import { Tasks } from "./tasks.svelte";
import { Trash } from "./trash.svelte";
import { Opened } from "./opened.svelte";
import type { Outage } from "./outage.svelte";
import { Place } from "./place.svelte";
import { Sentences } from "./sentences.svelte";
import { OpenSeries } from "./series.svelte";
import { Trial } from "./trial.svelte";

const STREAM = "/api/v1/notifications/stream?changes=all";

export class Workspace {
  readonly messages = new Messages();
  readonly place = new Place();
  readonly tasks: Tasks;
  readonly opened: Opened;
  readonly inbox: Inbox;
  readonly channels: Channels;
  readonly preview: Preview;
  readonly reminders: Reminders;
  readonly suggestions: Suggestions;
  readonly trash: Trash;
  readonly sentences: Sentences;
  readonly series: OpenSeries;
  /** A series beside that of the open task, for whoever shows one. */
  readonly newSeries: () => OpenSeries;
  /** Tries phrases for whoever shows one. */
  readonly newTrial: () => Trial;
  readonly outage: Outage;
  live = $state<LiveState>("connecting");
  readonly #stream: LiveStream;

  /** `live` opens the stream, which waits by itself; all other calls go by way of `outage`. */
  constructor(api: Api, outage: Outage, live: Send, origin: string) {
    const { send } = outage;
    this.outage = outage;
    this.reminders = new Reminders(new ReminderApi(send, origin));
    this.inbox = new Inbox(api, (id) => this.reminders.see(id));
    this.channels = new Channels(new ChannelApi(send, origin), browser);
    this.preview = new Preview(api);
    this.tasks = new Tasks(api, (id, version) => {
      this.inbox.expect(id, version);
      this.#readOwn();
    });
    this.opened = new Opened(
      api,
      (task) => {
        this.tasks.keep(task);
      },
      (task) => {
        this.tasks.drop(task);
      },
    );
    const rules = new SeriesApi(send, origin);
    this.sentences = new Sentences(rules);
    this.newTrial = () => new Trial(rules);
    this.series = new OpenSeries(rules, (gone) =>
      gone ? this.opened.went(gone) : this.opened.reload(),
    );
    this.newSeries = () => new OpenSeries(rules, () => this.tasks.refresh());
    this.suggestions = new Suggestions(api, (task) => {
      this.tasks.keep(task);
    });
    this.trash = new Trash(api, (id) => this.tasks.restore(id));
    const refresh = (): void => void this.recover();
    this.#stream = new LiveStream({
      url: origin + STREAM,
      send: live,
      handlers: {
        ready: refresh,
        resync: refresh,
        state: (state) => {
          this.#turn(state);
        },
        event: (event) => {
          this.#take(event);
        },
      },
    });
  }

  /**
   * Opens the stream, also after it was replaced by another tab.
   *
   * Its `ready`, or that there is none, fetches the lists: in this order nothing falls in between.
   */
  open(): void {
    void this.#stream.start();
    void this.channels.keepBrowser();
  }

  close(): void {
    this.#stream.stop();
  }

  /** The network is back or the page is looked at: no need to wait longer for what is told or not. */
  wake(): void {
    this.#stream.nudge();
    void this.series.refresh();
  }

  /** Fetches afresh what is shown at first. */
  async refresh(): Promise<void> {
    await Promise.all([
      this.tasks.refresh(),
      this.attempt(() => this.inbox.refresh()),
      this.suggestions.refresh(),
      this.opened.refresh(),
    ]);
    this.#readOwn();
  }

  /** Fetches afresh all that may have changed, or could not be fetched, while something was away. */
  async recover(): Promise<void> {
    this.reminders.heard();
    const { channels } = this;
    await Promise.all([
      this.refresh(),
      this.series.again(),
      channels.isWanted && this.attempt(() => channels.refresh()),
    ]);
  }

  /** Does something and tells the person if it fails; answers whether it did not. */
  async attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      // An ended session shows by itself: the page asks to log in.
      if (!(error instanceof ApiError && error.status === 401))
        this.messages.error(describe(error));
      return false;
    }
  }

  /** Completes a task, and says how to take that back; answers whether it is done. */
  async complete(id: string): Promise<boolean> {
    const isDone = await this.attempt(() => this.tasks.complete(id));
    const title = this.tasks.find(id)?.title;
    if (isDone && title !== undefined) {
      const run = (): void => void this.reopen(id);
      this.messages.note(completedText(title), { label: "Undo", testId: "undo", run });
    }
    return isDone;
  }

  /** Opens a task again, unless that was done already; answers whether it is open. */
  async reopen(id: string): Promise<boolean> {
    const isOpen = await this.attempt(() => this.tasks.reopen(id));
    const title = this.tasks.find(id)?.title;
    if (isOpen && title !== undefined) this.messages.withdraw(completedText(title));
    return isOpen;
  }

  /** The stream and the answer to a write come in any order. */
  #readOwn(): void {
    void this.attempt(() => this.inbox.readOwn());
  }

  #turn(state: LiveState): void {
    this.live = state;
    if (state === "offline" && !this.tasks.isLoaded) void this.refresh();
  }

  #take(event: LiveEvent): void {
    this.tasks.take(event);
    this.opened.take(event);
    this.series.hear(event.task);
    const news = this.inbox.take(event);
    this.#readOwn();
    if (event.event_type !== "reminder.triggered") return;
    this.reminders.heard();
    const notice = noticeText(event);
    if (!news || notice === "") return;
    if (notice === event.title) this.messages.remind(notice, news);
    else this.messages.note(notice);
  }
}

export const [getWorkspace, setWorkspace] = createContext<Workspace>();

/** How the person is reminded beside the page: what they set up, and what there is to set up. */
import type { ChannelApi } from "../api/channels";
import { ApiError } from "../api/problem";
import type { Channel, ChannelDraft, ChannelKind, ChannelTest } from "../api/types";
import type { Browser } from "../live/push";

export class Channels {
  items = $state.raw<readonly Channel[]>([]);
  kinds = $state.raw<readonly ChannelKind[]>([]);
  isLoaded = $state(false);
  /** Whether somebody has asked for them that they are not there for. */
  isWanted = false;
  readonly #api: ChannelApi;
  readonly #browser: Browser;

  constructor(api: ChannelApi, browser: Browser) {
    this.#api = api;
    this.#browser = browser;
  }

  /** Fetches all of them; throws ApiError, as everything below. */
  async refresh(): Promise<void> {
    this.isWanted = true;
    const { items, kinds } = await this.#api.list();
    this.items = items;
    this.kinds = kinds;
    this.isLoaded = true;
    this.isWanted = false;
  }

  /** Adds one; answers a webhook's secret, which nobody shows again. */
  async add(draft: ChannelDraft): Promise<string | null> {
    const { secret } = await this.#api.add(draft);
    await this.refresh();
    return secret;
  }

  /** Adds this browser; throws PushError too. */
  async addBrowser(name: string): Promise<void> {
    const subscription = await this.#browser.subscribe(await this.#api.pushKey());
    await this.add({ kind: "web_push", name, subscription });
  }

  /**
   * Says that this browser is there, where it is a channel of the person: one ends with the login
   * that added it. What is somebody else's is pushed to nobody here.
   */
  async keepBrowser(): Promise<void> {
    const subscription = await this.#browser.present();
    if (!subscription) return;
    try {
      await this.#api.add({ kind: "web_push", subscription, replaces: subscription.endpoint });
    } catch (error) {
      // Away or busy: the next visit says it.
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 404) await this.#browser.leave();
    }
  }

  async turn(channel: Channel, is_on: boolean): Promise<void> {
    this.#put(await this.#api.change(channel.id, { is_on }));
  }

  /** Prefers one to the one before it. */
  async raise(channel: Channel): Promise<void> {
    await this.#api.change(channel.id, { position: Math.max(1, this.items.indexOf(channel)) });
    await this.refresh();
  }

  async remove(channel: Channel): Promise<void> {
    await this.#api.remove(channel.id);
    this.items = this.items.filter((item) => item.id !== channel.id);
  }

  async test(channel: Channel): Promise<ChannelTest> {
    const outcome = await this.#api.test(channel.id);
    await this.refresh();
    return outcome;
  }

  async verify(channel: Channel, code: string): Promise<void> {
    this.#put(await this.#api.verify(channel.id, code));
  }

  async sendCode(channel: Channel): Promise<void> {
    this.#put(await this.#api.sendCode(channel.id));
  }

  #put(channel: Channel): void {
    this.items = this.items.map((item) => (item.id === channel.id ? channel : item));
  }
}

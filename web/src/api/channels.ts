/** The calls about the ways by which a person is reminded beside the page. */
import createClient, { type Client } from "openapi-fetch";
import { answer, done } from "./client";
import type { Send } from "./renewal";
import type {
  Channel,
  ChannelDraft,
  ChannelList,
  ChannelPatch,
  ChannelSecret,
  ChannelTest,
  paths,
} from "./types";

export class ChannelApi {
  readonly #client: Client<paths>;

  constructor(send: Send, origin: string) {
    this.#client = createClient<paths>({ baseUrl: origin, fetch: send });
  }

  async list(): Promise<ChannelList> {
    return answer(this.#client.GET("/api/v1/reminders/channels"));
  }

  /** The answer has the secret of a webhook, which is shown this once. */
  async add(body: ChannelDraft): Promise<ChannelSecret> {
    return answer(this.#client.POST("/api/v1/reminders/channels", { body }));
  }

  async change(id: string, body: ChannelPatch): Promise<Channel> {
    const path = "/api/v1/reminders/channels/{channel_id}";
    return answer(this.#client.PATCH(path, { ...at(id), body }));
  }

  async remove(id: string): Promise<void> {
    await done(this.#client.DELETE("/api/v1/reminders/channels/{channel_id}", at(id)));
  }

  async test(id: string): Promise<ChannelTest> {
    return answer(this.#client.POST("/api/v1/reminders/channels/{channel_id}/test", at(id)));
  }

  async verify(id: string, code: string): Promise<Channel> {
    const path = "/api/v1/reminders/channels/{channel_id}/verify";
    return answer(this.#client.POST(path, { ...at(id), body: { code } }));
  }

  async sendCode(id: string): Promise<Channel> {
    return answer(this.#client.POST("/api/v1/reminders/channels/{channel_id}/code", at(id)));
  }

  /** What a browser subscribes with. */
  async pushKey(): Promise<string> {
    return (await answer(this.#client.GET("/api/v1/reminders/channels/web-push/key"))).key;
  }
}

function at(channel_id: string): { params: { path: { channel_id: string } } } {
  return { params: { path: { channel_id } } };
}

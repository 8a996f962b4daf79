/** Who is using the page. */
import type { Api } from "../api/client";
import { ApiError, describe } from "../api/problem";
import type { AccountPatch, Credentials, Registration, User } from "../api/types";

/** `unknown` until the server has said, and while it can't be reached. */
export type SessionStatus = "unknown" | "anonymous" | "known";

export class Session {
  status = $state<SessionStatus>("unknown");
  user = $state.raw<User | null>(null);
  /** What to tell a person who is not logged in, or can't be. */
  notice = $state("");
  readonly #api: Api;
  readonly #mayGoOn: () => boolean;
  readonly #leaveBrowser: () => Promise<void>;

  /**
   * Where `mayGoOn` says that there is no session, the server is not asked for it. `leaveBrowser`
   * lets nothing be pushed to a browser that nobody uses.
   */
  constructor(
    api: Api,
    mayGoOn: () => boolean = () => true,
    leaveBrowser: () => Promise<void> = () => Promise.resolve(),
  ) {
    this.#api = api;
    this.#mayGoOn = mayGoOn;
    this.#leaveBrowser = leaveBrowser;
  }

  /** Asks the server whether the browser still has a session. */
  async resume(): Promise<void> {
    this.notice = "";
    if (!this.#mayGoOn()) {
      this.status = "anonymous";
      return;
    }
    try {
      this.#enter(await this.#api.me());
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) this.status = "anonymous";
      else this.notice = describe(error);
    }
  }

  /** Throws ApiError where the credentials, or the server, do not allow it. */
  async login(credentials: Credentials): Promise<void> {
    await this.#api.login(credentials);
    this.#enter(await this.#api.me());
  }

  /** Makes an account and logs in; throws ApiError. */
  async register(registration: Registration): Promise<void> {
    await this.#api.register(registration);
    const { email, password } = registration;
    await this.login({ email, password });
  }

  /** Changes the account, and answers it as it is now; throws ApiError. */
  async change(patch: AccountPatch): Promise<User> {
    const user = await this.#api.changeMe(patch);
    // Who has logged out meanwhile stays so.
    if (this.user?.id === user.id) this.user = user;
    return user;
  }

  /** The server pushes nothing more to a login that ended, whatever the browser does. */
  async logout(): Promise<void> {
    await this.#api.logout();
    await Promise.allSettled([this.#leaveBrowser()]);
    this.#leave("");
  }

  /** The server says that there is no session any more. */
  expire(): void {
    if (this.status === "known") this.#leave("Your session has ended. Log in again.");
  }

  #enter(user: User): void {
    this.user = user;
    this.status = "known";
    this.notice = "";
  }

  #leave(notice: string): void {
    this.user = null;
    this.status = "anonymous";
    this.notice = notice;
  }
}

/** Short messages to the person, some with something to do about them; the newest few are shown. */
import type { Notification } from "../api/types";

export interface Action {
  label: string;
  testId: string;
  run: () => void;
}

export interface Message {
  id: number;
  kind: "note" | "error";
  text: string;
  action?: Action;
  /** What it tells of, which can be answered. */
  about?: Notification;
}

const SHOWN = 3;

export class Messages {
  list = $state.raw<readonly Message[]>([]);
  #isHeld = $state(false);
  #count = 0;

  /** Whether somebody is at them: until they are not, none makes room for another. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  set isHeld(isHeld: boolean) {
    this.#isHeld = isHeld;
    this.#limit();
  }

  note(text: string, action?: Action): void {
    this.#add(action ? { kind: "note", text, action } : { kind: "note", text });
  }

  error(text: string): void {
    this.#add({ kind: "error", text });
  }

  /** A reminder has come. */
  remind(text: string, about: Notification): void {
    this.#add({ kind: "note", text, about });
  }

  dismiss(id: number): void {
    this.list = this.list.filter((message) => message.id !== id);
  }

  /** What this said is not so any more. */
  withdraw(text: string): void {
    this.list = this.list.filter((message) => message.text !== text);
  }

  clear(): void {
    this.list = [];
  }

  /** The same text again replaces the one that is shown, in its place where somebody is at it. */
  #add(message: Omit<Message, "id">): void {
    const shown = this.list.find(({ text }) => text === message.text);
    if (shown && this.#isHeld) {
      this.list = this.list.map((one) => (one === shown ? { ...message, id: one.id } : one));
      return;
    }
    this.#count += 1;
    const others = this.list.filter((one) => one !== shown);
    this.list = [...others, { ...message, id: this.#count }];
    this.#limit();
  }

  #limit(): void {
    if (!this.#isHeld && this.list.length > SHOWN) this.list = this.list.slice(-SHOWN);
  }
}

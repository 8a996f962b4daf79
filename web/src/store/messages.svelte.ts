/** Short messages to the person, some with something to do about them; the newest few are shown. */

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
}

const SHOWN = 3;

export class Messages {
  list = $state.raw<readonly Message[]>([]);
  #count = 0;

  note(text: string, action?: Action): void {
    this.#add(action ? { kind: "note", text, action } : { kind: "note", text });
  }

  error(text: string): void {
    this.#add({ kind: "error", text });
  }

  dismiss(id: number): void {
    this.list = this.list.filter((message) => message.id !== id);
  }

  clear(): void {
    this.list = [];
  }

  /** The same text again replaces the one that is shown. */
  #add(message: Omit<Message, "id">): void {
    this.#count += 1;
    const others = this.list.filter((shown) => shown.text !== message.text);
    this.list = [...others, { ...message, id: this.#count }].slice(-SHOWN);
  }
}

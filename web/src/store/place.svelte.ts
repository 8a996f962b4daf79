/**
 * Which task the address names, such as `#/tasks/…`: it can be kept, sent and gone back from.
 */

const TASK = /^#\/tasks\/([\w-]+)$/;

/** The task that a fragment of an address names. */
export function taskIn(hash: string): string | null {
  return TASK.exec(hash)?.[1] ?? null;
}

export class Place {
  taskId = $state(taskIn(location.hash));
  /** Asked before the browser's way back leaves a task; where it answers no, the task stays. */
  mayLeave: () => boolean = () => true;
  /** The browser goes back when it gets to it; what is opened before that is written after it. */
  #isGoingBack = false;

  open(id: string): void {
    this.taskId = id;
    if (!this.#isGoingBack) history.pushState({ isOpened: true }, "", `#/tasks/${id}`);
  }

  /** Leaves the task, back to where it was opened. */
  close(): void {
    this.mayLeave = () => true;
    this.taskId = null;
    this.#isGoingBack = isOpened(history.state);
    if (this.#isGoingBack) history.back();
    else history.replaceState(null, "", location.pathname + location.search);
  }

  /** Follows the browser, which has gone back, forth or to an address that somebody wrote. */
  follow(): void {
    if (this.#isGoingBack) {
      this.#isGoingBack = false;
      if (this.taskId !== null) this.open(this.taskId);
      return;
    }
    const there = taskIn(location.hash);
    if (there === this.taskId) return;
    if (this.taskId !== null && !this.mayLeave()) this.open(this.taskId);
    else this.taskId = there;
  }
}

function isOpened(state: unknown): boolean {
  return typeof state === "object" && state !== null && "isOpened" in state;
}

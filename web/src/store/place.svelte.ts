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

  open(id: string): void {
    history.pushState({ isOpened: true }, "", `#/tasks/${id}`);
    this.taskId = id;
  }

  /** Leaves the task, back to where it was opened. */
  close(): void {
    this.mayLeave = () => true;
    this.taskId = null;
    if (isOpened(history.state)) history.back();
    else history.replaceState(null, "", location.pathname + location.search);
  }

  /** Follows the browser, which has gone back, forth or to an address that somebody wrote. */
  follow(): void {
    const there = taskIn(location.hash);
    if (there === this.taskId) return;
    if (this.taskId !== null && !this.mayLeave()) this.open(this.taskId);
    else this.taskId = there;
  }
}

function isOpened(state: unknown): boolean {
  return typeof state === "object" && state !== null && "isOpened" in state;
}

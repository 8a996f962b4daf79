/** The mark that the server leaves where the browser has a session, which itself no script can see. */

const NAME = "taskflow_here";

export function isThere(): boolean {
  return document.cookie.split("; ").some((cookie) => cookie.startsWith(`${NAME}=`));
}

/** The session has ended: the next visit need not ask for it. */
export function remove(): void {
  document.cookie = `${NAME}=; path=/; max-age=0`;
}

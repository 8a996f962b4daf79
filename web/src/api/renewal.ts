/**
 * Keeps a session alive: a call that is answered with 401 is sent again after one renewal.
 *
 * The page holds no token: the renewal works on the HttpOnly session cookie. A refresh token counts
 * once, so that renewals never overlap, neither in this page nor in another tab of the browser.
 */

export type Send = (request: Request) => Promise<Response>;

/** Their 401 speaks of the credentials they carry, not of the session. */
const WITHOUT_SESSION = ["login", "register", "refresh"].map((name) => `/api/v1/auth/${name}`);

/** A `send` that renews the session once where a call is refused for want of one. */
export function renewing(send: Send, renew: () => Promise<boolean>): Send {
  return async (request) => {
    const again = request.clone();
    const answer = await send(request);
    if (answer.status !== 401 || WITHOUT_SESSION.includes(new URL(request.url).pathname)) {
      return answer;
    }
    if (!(await renew())) return answer;
    await finish(answer);
    return send(again);
  };
}

/** What says that there is no session to renew, unlike a server that is away or busy. */
const ENDED = [400, 401, 403, 422];

/**
 * A renewal that all who wait for one share; it answers whether there is a session again.
 *
 * `ended` is called where the server says that there is none.
 */
export function sessionRenewal(
  send: Send,
  origin: string,
  ended: () => void,
): () => Promise<boolean> {
  const url = `${origin}/api/v1/auth/refresh`;
  const headers = { "Content-Type": "application/json" };
  const renew = async (): Promise<boolean> => {
    const answer = await send(new Request(url, { method: "POST", headers, body: "{}" }));
    await finish(answer);
    if (ENDED.includes(answer.status)) ended();
    return answer.ok;
  };
  let running: Promise<boolean> | null = null;
  return () => {
    running ??= alone(renew).finally(() => {
      running = null;
    });
    return running;
  };
}

/** Reads an answer that nobody else reads: the browser keeps it open, and calls it failed, until then. */
async function finish(answer: Response): Promise<void> {
  await answer.arrayBuffer();
}

/** Runs while no other tab does; a page without a secure context has no locks and goes ahead. */
async function alone(renew: () => Promise<boolean>): Promise<boolean> {
  if (!("locks" in navigator)) return renew();
  return navigator.locks.request("taskflow-session-renewal", renew);
}

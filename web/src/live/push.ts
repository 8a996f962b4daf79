/** Lets this browser be pushed to, also while the page is closed. */
import type { Subscription } from "../api/types";

const WORKER = "/service-worker.js";

/** Why this browser can't be pushed to, in a sentence; the page says it as it is. */
export class PushError extends Error {
  override readonly name = "PushError";
}

/** Asks the person, and subscribes; throws PushError. */
export async function subscribe(key: string): Promise<Subscription> {
  if (!("serviceWorker" in navigator) || !("PushManager" in window))
    throw new PushError("This browser can't show reminders while the page is closed.");
  await navigator.serviceWorker.register(WORKER);
  const { pushManager } = await navigator.serviceWorker.ready;
  if ((await Notification.requestPermission()) !== "granted")
    throw new PushError("This browser does not allow this page to show notifications.");
  try {
    return shape(await subscribeWith(pushManager, decode(key)));
  } catch (cause) {
    const error = new PushError("This browser could not reach its push service. Try again later.");
    error.cause = cause;
    throw error;
  }
}

/** A subscription that was made with another key of ours is of no use any more. */
async function subscribeWith(
  manager: PushManager,
  key: Uint8Array<ArrayBuffer>,
): Promise<PushSubscription> {
  const present = await manager.getSubscription();
  const bound = present?.options.applicationServerKey;
  if (present && !(bound && isSame(new Uint8Array(bound), key))) await present.unsubscribe();
  return manager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

function shape(subscription: PushSubscription): Subscription {
  const { endpoint, keys } = subscription.toJSON();
  return {
    endpoint: endpoint ?? "",
    keys: { p256dh: keys?.p256dh ?? "", auth: keys?.auth ?? "" },
  };
}

/** base64url as bytes. */
export function decode(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

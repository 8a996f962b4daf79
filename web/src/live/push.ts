/** Lets this browser be pushed to, also while the page is closed. */
import type { Subscription } from "../api/types";

const WORKER = "/service-worker.js";

/** Why this browser can't be pushed to, in a sentence; the page says it as it is. */
export class PushError extends Error {
  override readonly name = "PushError";
}

/** What the page asks of its browser. */
export interface Browser {
  /** Asks the person, and subscribes; throws PushError. */
  subscribe: (key: string) => Promise<Subscription>;
  /** What it is subscribed with already. */
  present: () => Promise<Subscription | null>;
  /** Lets nothing be pushed to it any more. */
  leave: () => Promise<void>;
}

export const browser: Browser = { subscribe, present, leave };

async function present(): Promise<Subscription | null> {
  const found = await subscription();
  return found && shape(found);
}

async function leave(): Promise<void> {
  await (await subscription())?.unsubscribe();
}

async function subscription(): Promise<PushSubscription | null> {
  if (!canPush()) return null;
  try {
    const registration = await navigator.serviceWorker.getRegistration();
    return (await registration?.pushManager.getSubscription()) ?? null;
  } catch {
    // A browser that can't say so has none.
    return null;
  }
}

function canPush(): boolean {
  return "serviceWorker" in navigator && "PushManager" in window;
}

async function subscribe(key: string): Promise<Subscription> {
  if (!canPush())
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

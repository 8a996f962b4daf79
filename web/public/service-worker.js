/**
 * Shows what is pushed while the page is closed, does what its buttons say, and tells the service
 * where the browser is by now when its push service moves it. It keeps nothing and stands between
 * the page and the network for no request.
 */
const SNOOZE = "PT10M";
const ACTIONS = [
  { action: "snooze", title: "In 10 minutes" },
  { action: "done", title: "Done" },
];

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => event.waitUntil(show(read(event.data))));
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(act(event.action, event.notification.data));
});

/** What was pushed; a browser wants a notification for each push, whatever it says. */
function read(data) {
  try {
    return data?.json() ?? {};
  } catch {
    return {};
  }
}

function show(told) {
  const canAct = told.kind === "reminder" && told.task_id && told.reminder_ids?.length > 0;
  return self.registration.showNotification(told.title || "TaskFlow", {
    body: told.body ?? "",
    tag: told.id,
    icon: "/favicon.svg",
    data: { link: told.link, task: told.task_id, reminders: told.reminder_ids ?? [] },
    actions: canAct ? ACTIONS : [],
  });
}

/** Does what a button says; what cannot be done here is left to the page. */
async function act(action, told) {
  const calls = {
    snooze: () => told.reminders.map((id) => post(`/reminders/${id}/snooze`, { for: SNOOZE })),
    done: () => [post(`/tasks/${told.task}/complete`, {})],
  };
  const call = calls[action];
  if (call && (await Promise.all(call())).every(Boolean)) return;
  await open(told.link);
}

/**
 * Subscribes as before where the browser has not done so itself, and says what took the place of
 * what. Where the service can't be told, it learns at the next push that this browser is gone.
 */
async function renew({ oldSubscription, newSubscription }) {
  if (!oldSubscription) return;
  const { applicationServerKey } = oldSubscription.options;
  const how = { userVisibleOnly: true, applicationServerKey };
  const present = newSubscription ?? (await self.registration.pushManager.subscribe(how));
  const { endpoint, keys } = present.toJSON();
  const subscription = { endpoint, keys };
  const replaces = oldSubscription.endpoint;
  const body = { kind: "web_push", subscription, replaces };
  if (!(await post("/reminders/channels", body))) await present.unsubscribe();
}

/** Calls as the person who is logged in at this browser; answers whether it was done. */
async function post(path, body) {
  try {
    const answer = await call(path, body);
    if (answer.status !== 401) return answer.ok;
    return (await renewSession()) && (await call(path, body)).ok;
  } catch {
    return false;
  }
}

/** As the page does, and never at the same time: a refresh token counts once. */
function renewSession() {
  const ask = async () => (await call("/auth/refresh", {})).ok;
  return self.navigator.locks.request("taskflow-session-renewal", ask);
}

function call(path, body) {
  const headers = { "Content-Type": "application/json" };
  return fetch(`/api/v1${path}`, { method: "POST", headers, body: JSON.stringify(body) });
}

/** Shows the page at a place of its own, in the tab that is open already if there is one. */
async function open(link) {
  const url = new URL(link ?? "/", self.location.origin);
  const place = url.origin === self.location.origin ? url.href : "/";
  const [tab] = await self.clients.matchAll({ type: "window" });
  if (!tab) return self.clients.openWindow(place);
  await tab.focus();
  return tab.navigate(place);
}

/** What the page knows: the workspace as the server last told it, and where this person is looking. */

/** Everything that is drawn is drawn from this; whoever changes it calls changed(). */
export const store = {
  /** The state of the sandbox's control surface (bot/sandbox/slack/control.py), null before the first. */
  workspace: null,
  /** Whether the page hears from the sandbox: "connecting", "live" or "lost". */
  line: "connecting",
  /** A channel's id, or "home". */
  place: null,
  /** The ts of the thread that is open at the side, or null. */
  thread: null,
  /** The ts of a message to scroll to and mark, or null. */
  target: null,
  /** On a narrow screen: whether the list of places covers the messages. */
  places_open: false,
  /** The number of the last refusal that was put away. */
  put_away: 0,
  /** Ephemeral messages that this person dismissed, by ts. */
  dismissed: new Set(),
  /** A sentence at the foot of the page, or null. */
  notice: null,
  /** The message being edited, by ts, or null. */
  editing: null,
};

let draw = () => {};
let waiting = false;

/** Call this function, once for many changes, after changed(). */
export function whenChanged(callback) {
  draw = callback;
}

/** Redraw soon. */
export function changed() {
  if (waiting) return;
  waiting = true;
  setTimeout(() => {
    waiting = false;
    draw();
  });
}

export const user = (id) => store.workspace.users.find((each) => each.id === id);
export const channel = (id) => store.workspace.channels.find((each) => each.id === id);
export const me = () => store.workspace.me;
export const app = () => store.workspace.app;

/** The direct message with the app. */
export const direct = () => store.workspace.channels.find((each) => each.kind === "im");

/** The channel that is looked at; null on Home. */
export const current = () => (store.place === "home" ? null : channel(store.place));

/** What a person or the app is called. */
export function nameOf(id) {
  if (id === "USLACKBOT") return "Workspace";
  return user(id)?.real_name ?? id;
}

/** The name of a channel as people write it. */
export function channelName(where) {
  return where.kind === "im" ? app().name : where.name;
}

/** The name of a channel's icon. */
export const signOf = (where) => ({ channel: "hash", group: "lock", im: "bolt" })[where.kind];

/** A channel's own messages with the ephemeral ones this person still has there, oldest first. */
export function messagesIn(where) {
  return inOrder([...where.messages, ...whispersIn(where.id, undefined)]);
}

/** A thread's messages, its first one first; empty if that is not (or no longer) there. */
export function threadIn(where, ts) {
  const root = where.messages.find((each) => each.ts === ts);
  return root ? [root, ...inOrder([...root.replies, ...whispersIn(where.id, ts)])] : [];
}

function whispersIn(channelId, threadTs) {
  const kept = store.workspace.ephemerals.filter((each) => !store.dismissed.has(each.ts));
  return kept.filter((each) => each.channel === channelId && (each.thread_ts ?? undefined) === threadTs);
}

function inOrder(messages) {
  return messages.sort((one, other) => (one.ts < other.ts ? -1 : 1));
}

/** Go somewhere: a channel's id or "home", with a thread; the address remembers it. */
export function go(place, thread = null) {
  const hash = thread ? `#${place}/${thread}` : `#${place}`;
  if (location.hash === hash) followAddress();
  else location.hash = hash;
}

/** Look where the address says; at a channel this person is in if it says nothing they can see. */
export function followAddress() {
  const [place, thread] = location.hash.slice(1).split("/");
  const known = place === "home" ? app().home_tab : channel(place);
  const fallback = store.workspace.channels.find((each) => each.is_member && each.kind !== "im") ?? direct();
  store.place = known ? place : fallback.id;
  store.thread = (known && thread) || null;
  store.places_open = false;
  store.editing = null;
  changed();
}

/** Turn the address of a message (/archives/C…/p…, as chat.getPermalink makes it) into a place on the page. */
export function followPermalink() {
  const found = /^\/archives\/([A-Z0-9]+)\/p(\d{10})(\d{6})$/.exec(location.pathname);
  if (!found) return;
  const query = new URLSearchParams(location.search);
  const thread = query.get("thread_ts");
  store.target = `${found[2]}.${found[3]}`;
  const person = query.get("user");
  const search = person ? `?${new URLSearchParams({ user: person })}` : "";
  history.replaceState(null, "", `/${search}#${found[1]}${thread ? `/${thread}` : ""}`);
}

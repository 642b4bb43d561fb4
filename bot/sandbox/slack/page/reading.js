/** What each person has read, kept in the browser: unread marks, and the line above what is new. */

import { me, messagesIn, store } from "./store.js";

let marks = null;
let owner = null;
let line = null;

/** How much of a channel is unread: {count, mentions}; in the app's direct message all of it counts as mentions. */
export function unread(where) {
  const since = read(where);
  const news = messagesIn(where).filter((each) => each.ts > since && each.user !== me());
  const toMe = news.filter((each) => where.kind === "im" || each.text?.includes(`<@${me()}>`));
  return { count: news.length, mentions: toMe.length };
}

/** The ts after which a channel is unread. */
function read(where) {
  return load()[where.id] ?? "";
}

/** All of this channel has been seen. */
export function markRead(where) {
  const last = messagesIn(where).at(-1)?.ts;
  if (!last || last <= read(where)) return;
  load()[where.id] = last;
  save();
}

/** Somebody comes to a channel: what is unread now stays marked as new until they go. */
export function arrive(where) {
  line = where && unread(where).count ? { id: where.id, since: read(where) } : null;
}

/** The ts after which messages are marked as new in this channel; null for none. */
export const newSince = (where) => (line?.id === where.id ? line.since : null);

function load() {
  const name = `read ${store.workspace.team.id} ${me()}`;
  if (owner === name) return marks;
  owner = name;
  try {
    marks = JSON.parse(localStorage.getItem(name));
  } catch {
    marks = null;
  }
  if (!marks) {
    // Whoever looks for the first time has no backlog: all there is counts as read.
    const last = (where) => messagesIn(where).at(-1)?.ts ?? "";
    marks = Object.fromEntries(store.workspace.channels.map((where) => [where.id, last(where)]));
    save();
  }
  return marks;
}

function save() {
  try {
    localStorage.setItem(owner, JSON.stringify(marks));
  } catch {
    // A browser that keeps nothing: the marks last as long as the page.
  }
}

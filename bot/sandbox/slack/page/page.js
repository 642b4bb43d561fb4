/** Puts the page together: what is drawn where, and again after every change. */

import { post } from "./acts.js";
import { createComposer } from "./composer.js";
import { iconButton } from "./controls.js";
import { refreshTimes } from "./dates.js";
import { h, render } from "./dom.js";
import { connect, whenHeard } from "./live.js";
import { drawHead, drawHome, drawOutside, drawSession, drawStart } from "./main.js";
import { settleModal } from "./modal.js";
import { drawPlaces, unreadAnywhere } from "./places.js";
import { closePopup, settlePopup } from "./popup.js";
import { drawProblems } from "./problems.js";
import { arrive, markRead, newSince } from "./reading.js";
import {
  app, channelName, changed, current, followAddress, followPermalink, go, messagesIn, nameOf, me, store,
  threadIn, user, whenChanged,
} from "./store.js";
import { createStream } from "./stream.js";

const part = (id) => document.getElementById(id);
const stream = createStream(part("stream"), changed);
const threadStream = createStream(part("thread-stream"));
const composer = createComposer(part("composer"));
const threadComposer = createComposer(part("thread-composer"));
const TIMES_EVERY = 20_000;

let last = { me: null, place: null };

function draw() {
  drawBanner();
  if (!store.workspace) return;
  part("app").hidden = false;
  noticeArrival();
  const where = current();
  document.body.classList.toggle("places-open", store.places_open);
  render(part("head"), drawHead(where));
  render(part("problems"), drawProblems());
  drawMiddle(where);
  drawThread(where);
  read(where);
  render(part("places"), drawPlaces());
  render(part("notice"), store.notice && h("p", null, store.notice));
  settleModal();
  settlePopup();
  refreshTimes();
  drawTitle(where);
}

function drawMiddle(where) {
  part("home").hidden = Boolean(where);
  part("stream").hidden = !where;
  part("composer").hidden = !where?.is_member;
  render(part("home"), where ? null : drawHome());
  render(part("session"), where && drawSession(where, null), where && !where.is_member && drawOutside(where));
  if (!where) return;
  const name = where.kind === "im" ? app().name : `#${channelName(where)}`;
  stream.show(`${me()} ${where.id}`, {
    messages: messagesIn(where),
    channel: where.id,
    label: `Messages in ${name}`,
    inThread: false,
    newSince: newSince(where),
    head: drawStart(where),
    target: store.target,
  });
  if (where.is_member) composer.show({ channel: where.id, thread: null, label: `Message ${name}` });
}

function drawThread(where) {
  const messages = where && store.thread ? threadIn(where, store.thread) : [];
  const isOpened = part("thread").hidden && messages.length > 0;
  part("thread").hidden = !messages.length;
  document.body.classList.toggle("thread-open", messages.length > 0);
  if (!messages.length) return;
  render(
    part("thread-head"),
    h("h2", null, "Thread", h("small", null, where.kind === "im" ? app().name : `#${channelName(where)}`)),
    iconButton("close", "Close thread", closeThread),
  );
  threadStream.show(`${me()} ${store.thread}`, {
    messages,
    channel: where.id,
    label: "Thread",
    inThread: true,
    head: null,
    target: store.target,
  });
  render(part("thread-session"), drawSession(where, store.thread));
  part("thread-composer").hidden = !where.is_member;
  threadComposer.show({ channel: where.id, thread: store.thread, label: "Reply…" });
  if (isOpened) queueMicrotask(threadComposer.focus);
}

function closeThread() {
  go(store.place);
  composer.focus();
}

/** What happens once when somebody comes to a place. */
function noticeArrival() {
  const isOther = last.place !== store.place || last.me !== me();
  if (!isOther) return;
  last = { me: me(), place: store.place };
  const where = current();
  arrive(where);
  if (!where || where.kind === "im") post("open_home", { tab: where ? "messages" : "home" });
}

function read(where) {
  if (!where || document.hidden || !stream.atEnd || store.places_open) return;
  markRead(where);
}

function drawTitle(where) {
  const { count, mentions } = unreadAnywhere();
  const mark = mentions ? `(${mentions}) ` : count ? "• " : "";
  const place = where ? (where.kind === "im" ? app().name : `#${channelName(where)}`) : `${app().name} Home`;
  document.title = `${mark}${place} · ${nameOf(me())} · ${store.workspace.team.name}`;
}

function drawBanner() {
  const isAlone = store.line === "live" && store.workspace.connected === 0;
  const text = {
    connecting: "Connecting to the sandbox…",
    lost: "The sandbox does not answer. Trying again…",
    live: isAlone && `${app().name} is not connected: clicks and commands fail until it starts.`,
  }[store.line];
  render(part("banner"), text && h("p", { role: "status" }, text));
}

/** Go where the address says, as the person it says. */
function start() {
  followPermalink();
  connect(new URLSearchParams(location.search).get("user") ?? "");
}

whenChanged(draw);
whenHeard((before, now) => {
  const isOther = before?.me !== now.me;
  if (isOther) closePopup({ refocus: false });
  const isGone = store.place !== "home" && !now.channels.some((each) => each.id === store.place);
  if (isOther || isGone) followAddress();
  // A sandbox that was started again counts its refusals from one.
  store.put_away = Math.min(store.put_away, now.refused.at(-1)?.number ?? 0);
});
addEventListener("hashchange", () => {
  store.target = null;
  if (store.workspace) followAddress();
});
addEventListener("popstate", () => {
  const person = new URLSearchParams(location.search).get("user");
  if (store.workspace && person && ![me(), user(me())?.name].includes(person)) connect(person);
});
addEventListener("visibilitychange", () => {
  if (!document.hidden && store.workspace) {
    arrive(current());
    changed();
  }
});
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  if (store.places_open) {
    store.places_open = false;
    changed();
  } else if (store.thread && part("thread").contains(document.activeElement)) {
    closeThread();
  }
});
part("veil").onclick = () => {
  store.places_open = false;
  changed();
};
setInterval(refreshTimes, TIMES_EVERY);
draw();
start();

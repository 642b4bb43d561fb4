/** Hears from the sandbox over a WebSocket, again after every break, and keeps what did not change as it was. */

import { changed, store } from "./store.js";

const PATIENCE = [250, 500, 1000, 2000, 4000];
/** Milliseconds before each next try; the last one stays. */

let socket = null;
let tries = 0;
let heard = () => {};

/** Call this with the workspace before (or null) and after each news, before the page is redrawn. */
export function whenHeard(callback) {
  heard = callback;
}

/** Hear as this person (a name or an id; empty for the workspace's first), instead of as anybody before. */
export function connect(person) {
  socket?.close();
  const mine = new WebSocket(`ws://${location.host}/sandbox/live?${new URLSearchParams({ user: person })}`);
  socket = mine;
  mine.onmessage = (event) => {
    if (socket === mine) hear(JSON.parse(event.data));
  };
  mine.onclose = async () => {
    if (socket !== mine) return;
    if (person && (await isStranger(person))) {
      connect("");
      return;
    }
    store.line = "lost";
    changed();
    const wait = PATIENCE[Math.min(tries, PATIENCE.length - 1)];
    tries += 1;
    setTimeout(() => socket === mine && connect(person), wait);
  };
}

/** Whether the sandbox answers, but knows nobody of that name. */
async function isStranger(person) {
  const answer = await fetch(`/sandbox/state?${new URLSearchParams({ user: person })}`).catch(() => null);
  return answer?.status === 404;
}

function hear(news) {
  const before = store.workspace;
  tries = 0;
  store.line = "live";
  store.workspace = shared(before, completed(before, news));
  heard(before, store.workspace);
  changed();
}

/** The news, with the messages in place of which the sandbox said only their ts: those that are as they were. */
function completed(before, news) {
  for (const channel of news.channels) {
    const messages = before?.channels.find((each) => each.id === channel.id)?.messages ?? [];
    const known = new Map(messages.map((each) => [each.ts, each]));
    channel.messages = channel.messages.map((each) => (typeof each === "string" ? known.get(each) : each));
  }
  return news;
}

/** The news, with every part that equals its predecessor being that very object, so that it is not redrawn. */
function shared(before, now) {
  if (before === now) return before;
  if (Array.isArray(before) && Array.isArray(now)) return sharedArray(before, now);
  if (isObject(before) && isObject(now)) return sharedObject(before, now);
  return now;
}

function sharedArray(before, now) {
  const found = new Map(before.map((each, index) => [identity(each) ?? index, each]));
  const result = now.map((each, index) => shared(found.get(identity(each) ?? index), each));
  const same = result.length === before.length && result.every((each, index) => each === before[index]);
  return same ? before : result;
}

function sharedObject(before, now) {
  const names = Object.keys(now);
  let same = names.length === Object.keys(before).length;
  const result = {};
  for (const name of names) {
    result[name] = shared(before[name], now[name]);
    same &&= result[name] === before[name];
  }
  return same ? before : result;
}

const identity = (value) => value?.ts ?? value?.id;
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

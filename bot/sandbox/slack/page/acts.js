/** What a person does, sent to the sandbox; what comes of it when it fails is kept to be shown in its place. */

import { changed, me, store } from "./store.js";

/**
 * What is under way or went wrong, by spot key: `pending` (action ids), `failure` (a sentence), `edited` (ids of
 * blocks that were changed since the form was last refused), `version` (grows with every change).
 */
const spots = new Map();
const REST = { pending: new Set(), failure: null, edited: new Set(), version: 0 };

/** A place where blocks stand. */
export const messageSpot = (channel, ts) => ({ key: `${channel}/${ts}`, where: { channel, ts } });
export const viewSpot = (id) => ({ key: id, where: { view_id: id } });

/** What is under way at a spot. */
export const at = (spot) => spots.get(spot.key) ?? REST;

/** Something at this spot is to be drawn otherwise. */
export function touch(spot, change = {}) {
  const before = at(spot);
  spots.set(spot.key, { ...before, ...change, version: before.version + 1 });
  changed();
}

/**
 * Do something as this person (the table in control.py).
 * @returns {Promise<Object>} the answer; `ok: false` with an `error` for people if it did not come about.
 */
export async function post(what, body = {}) {
  try {
    const response = await fetch(`/sandbox/${what}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ user: me(), ...body }),
    });
    return await response.json();
  } catch {
    return { ok: false, error: "the sandbox does not answer; is it still running?" };
  }
}

/** Use an element of a message or view; `named` is what people call it. */
export async function click(spot, element, value, named) {
  if (at(spot).pending.has(element.action_id)) return;
  touch(spot, { pending: new Set([...at(spot).pending, element.action_id]), failure: null });
  const answer = await post("click", { ...spot.where, action_id: element.action_id, value });
  const pending = new Set(at(spot).pending);
  pending.delete(element.action_id);
  touch(spot, { pending, failure: answer.ok ? null : failed(named, answer.error) });
}

/** Use a shortcut, on a message if one is given. */
export async function shortcut(each, where = {}) {
  const answer = await post("shortcut", { callback_id: each.callback_id, ...where });
  if (!answer.ok) notice(failed(each.name, answer.error));
}

/** As Slack says it: `/lead failed with the error "operation_timeout"`. */
export function failed(named, error) {
  return /^\w+$/.test(error) ? `${named} failed with the error "${error}"` : `${named}: ${error}`;
}

/** Say something at the foot of the page for a while. */
export function notice(text) {
  store.notice = text;
  changed();
  setTimeout(() => {
    if (store.notice !== text) return;
    store.notice = null;
    changed();
  }, 8000);
}

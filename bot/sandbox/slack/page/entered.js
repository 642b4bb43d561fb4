/**
 * What this person picked or typed in elements, kept until their message or view is gone.
 *
 * Values are as the control surface takes them: text, an option, an id, `2026-11-30`, `09:30`, epoch seconds,
 * or a list of options or ids.
 */

import { at, touch } from "./acts.js";

const INITIAL = ["initial_value", "initial_option", "initial_options", "initial_user", "initial_users",
  "initial_conversation", "initial_conversations", "initial_channel", "initial_channels", "initial_date",
  "initial_time", "initial_date_time"];

/** spot key -> (block id, action id) -> value */
const kept = new Map();
const slot = (block, element) => `${block.block_id} ${element.action_id}`;

/** An id for the element on the page, the same at every redraw. */
export const idOf = (spot, block, element) =>
  `e-${[spot.side ?? "", spot.key, block.block_id, element.action_id].join("-")}`.replace(/[^\w-]/g, "_");

/** What the element shows: what was entered here, else what the workspace knows, else what it starts with. */
export function entered(spot, block, element) {
  const mine = kept.get(spot.key);
  const key = slot(block, element);
  if (mine?.has(key)) return mine.get(key);
  const known = spot.values?.[block.block_id]?.[element.action_id];
  if (known) return content(known);
  const start = INITIAL.find((each) => each in element);
  return start ? element[start] : null;
}

/** Keep what somebody entered, and stop complaining about it; `quiet` if the page shows it already. */
export function enter(spot, block, element, value, { quiet = false } = {}) {
  if (!kept.has(spot.key)) kept.set(spot.key, new Map());
  kept.get(spot.key).set(slot(block, element), value);
  const { edited } = at(spot);
  const clears = Boolean(spot.errors?.[block.block_id]) && !edited.has(block.block_id);
  if (clears) touch(spot, { edited: new Set([...edited, block.block_id]) });
  else if (!quiet) touch(spot);
}

/** Everything that was entered in a view's blocks, by action id, as sandbox/submit takes it. */
export function allEntered(spot, blocks) {
  const mine = kept.get(spot.key) ?? new Map();
  const values = {};
  for (const block of blocks) {
    for (const element of [block.element, block.accessory, ...(block.elements ?? [])]) {
      const key = element?.action_id ? slot(block, element) : null;
      if (key !== null && mine.has(key)) values[element.action_id] = mine.get(key);
    }
  }
  return values;
}

/** Forget what was entered where nothing is any more. */
export function forget(isGone) {
  for (const key of kept.keys()) if (isGone(key)) kept.delete(key);
}

/** A value of state.values without its wrapping. */
function content(known) {
  const name = Object.keys(known).find((each) => each !== "type");
  return known[name] ?? null;
}

/** Links and mentions, made safe: only addresses that a browser may open, in a window that knows nothing of us. */

import { h } from "./dom.js";
import { channel, channelName, go, me, nameOf, user } from "./store.js";

const SAFE = new Set(["http:", "https:", "mailto:", "tel:"]);

/** The address, if it may be opened; otherwise null. */
export function safeUrl(url) {
  try {
    const parsed = new URL(url);
    return SAFE.has(parsed.protocol) ? parsed.href : null;
  } catch {
    return null;
  }
}

/** A link around this content; the bare content if the address is not one to open. */
export function link(url, ...content) {
  const href = safeUrl(url);
  if (href === null) return h("span", null, ...content);
  const ours = new URL(href).host === location.host;
  return h("a", { href, target: ours ? null : "_blank", rel: "noopener noreferrer", title: url }, ...content);
}

/** A person who is mentioned. */
export function userMention(id) {
  const known = user(id) ? `@${nameOf(id)}` : `@${id}`;
  return h("span", { class: id === me() ? "mention to-me" : "mention" }, known);
}

/** A channel that is mentioned; it can be gone to if this person sees it. */
export function channelMention(id, name) {
  const where = channel(id);
  if (!where) return h("span", { class: "mention" }, `#${name || id}`);
  const label = `#${channelName(where)}`;
  return h("button", { type: "button", class: "mention", onclick: () => go(id) }, label);
}

/** @here, @channel, @everyone, or a user group. */
export function groupMention(name) {
  return h("span", { class: "mention to-me" }, `@${name}`);
}

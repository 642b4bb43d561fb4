/**
 * Slack's mrkdwn as descriptions to draw: *bold*, _italic_, ~strike~, `code`, ``` pre ```, > quote, <…>, :emoji:.
 *
 * Source: "Formatting text for app surfaces", Slack's docs. What is escaped (&amp; &lt; &gt;) is shown, not read.
 */

import { dateText } from "./dates.js";
import { h } from "./dom.js";
import { emoji, withEmoji } from "./emoji.js";
import { channelMention, groupMention, link, userMention } from "./links.js";

const TAGS = { "*": "strong", _: "em", "~": "s" };
const WORD = /[\p{L}\p{N}]/u;
const AUTOMATIC = /(?:https?:\/\/|www\.)[^\s<>|]*[^\s<>|.,;:!?)\]'"*_~]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+/uy;
const EMOJI = /:([a-z0-9_+'-]+):(?::skin-tone-[2-6]:)?/y;
const QUOTE = /^(?:&gt;|>) ?/;
const QUOTE_REST = /^(?:&gt;|>){3} ?/;

/** A text of several lines; `verbatim` leaves bare addresses as they are. */
export function mrkdwn(text, { verbatim = false } = {}) {
  const parts = text.split(/```\n?([\s\S]*?)```\n?/);
  return parts.map((part, index) => (index % 2 ? preformatted(part) : lines(part, verbatim)));
}

/** A text object of Block Kit, mrkdwn or plain_text. */
export function textObject(object) {
  if (!object) return [];
  if (object.type === "mrkdwn") return mrkdwn(object.text, { verbatim: object.verbatim });
  return [plainText(object)];
}

/** A text object in a box of its own. */
export const textBox = (object) => h("div", { class: "text" }, textObject(object));

/** A plain_text object as a string. */
export function plainText(object) {
  return object.emoji === false ? object.text : withEmoji(object.text);
}

/** Escaped text as it was before. */
export function plainEntities(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** Links in it lose their brackets and their address; nothing else is read. */
function preformatted(text) {
  return h("pre", null, plainEntities(text.replace(/<(?:[^<>|]*\|)?([^<>]*)>/g, "$1")));
}

function lines(text, verbatim) {
  const drawn = [];
  let quoted = [];
  const endQuote = () => {
    if (quoted.length) drawn.push(h("blockquote", null, inline(quoted.join("\n"), verbatim)));
    quoted = [];
  };
  const all = text.split("\n");
  for (const [index, line] of all.entries()) {
    if (QUOTE_REST.test(line)) {
      endQuote();
      quoted = [line.replace(QUOTE_REST, ""), ...all.slice(index + 1)];
      break;
    }
    if (QUOTE.test(line)) {
      quoted.push(line.replace(QUOTE, ""));
      continue;
    }
    endQuote();
    drawn.push(inline(line, verbatim), index < all.length - 1 && !QUOTE.test(all[index + 1]) ? "\n" : null);
  }
  endQuote();
  return drawn;
}

function inline(text, verbatim) {
  const drawn = [];
  let plain = "";
  const flush = () => {
    if (plain) drawn.push(plainEntities(plain));
    plain = "";
  };
  for (let at = 0; at < text.length; ) {
    const found = special(text, at) ?? code(text, at) ?? styled(text, at, verbatim) ?? sign(text, at)
      ?? (verbatim ? null : automatic(text, at));
    if (found) {
      flush();
      drawn.push(found.node);
      at = found.end;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  flush();
  return drawn;
}

function special(text, at) {
  if (text[at] !== "<") return null;
  const end = text.indexOf(">", at);
  if (end < 0 || text.slice(at + 1, end).includes("<") || end === at + 1) return null;
  return { node: reference(text.slice(at + 1, end)), end: end + 1 };
}

function reference(body) {
  const bar = body.indexOf("|");
  const target = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? "" : plainEntities(body.slice(bar + 1));
  if (target.startsWith("@")) return userMention(target.slice(1));
  if (target.startsWith("#")) return channelMention(target.slice(1), label);
  if (target.startsWith("!date^")) return date(target, label);
  if (target.startsWith("!subteam^")) return groupMention((label || target.slice(9)).replace(/^@/, ""));
  if (target.startsWith("!")) return groupMention(label || target.slice(1));
  const url = plainEntities(target);
  return link(url, label || url.replace(/^(mailto|tel):/, ""));
}

function date(target, fallback) {
  const [, seconds, format = "", url] = target.split("^");
  const text = /^\d+$/.test(seconds) ? dateText(Number(seconds), format) : null;
  if (text === null) return h("span", null, fallback);
  // Its text changes with the clock (refreshTimes, after every redraw too), so the description has none.
  const shown = h("time", { "data-seconds": seconds, "data-format": format, title: fallback });
  return url ? link(url, shown) : shown;
}

function code(text, at) {
  if (text[at] !== "`") return null;
  const end = text.indexOf("`", at + 1);
  if (end <= at + 1 || text.slice(at, end).includes("\n")) return null;
  return { node: h("code", null, plainEntities(text.slice(at + 1, end))), end: end + 1 };
}

/** *…* and the like: between a border of words on each side, with no blank just inside. */
function styled(text, at, verbatim) {
  const mark = text[at];
  if (!(mark in TAGS) || WORD.test(text[at - 1] ?? "") || text[at - 1] === mark) return null;
  if (/\s/.test(text[at + 1] ?? " ") || text[at + 1] === mark) return null;
  for (let end = at + 1; end < text.length && text[end] !== "\n"; end += 1) {
    const skipped = special(text, end) ?? code(text, end);
    if (skipped) {
      end = skipped.end - 1;
    } else if (text[end] === mark && !/\s/.test(text[end - 1]) && !WORD.test(text[end + 1] ?? "")) {
      return { node: h(TAGS[mark], null, inline(text.slice(at + 1, end), verbatim)), end: end + 1 };
    }
  }
  return null;
}

function sign(text, at) {
  if (text[at] !== ":") return null;
  EMOJI.lastIndex = at;
  const found = EMOJI.exec(text);
  const shown = found && emoji(found[1]);
  return shown ? { node: h("span", { title: `:${found[1]}:` }, shown), end: at + found[0].length } : null;
}

function automatic(text, at) {
  if (WORD.test(text[at - 1] ?? "")) return null;
  AUTOMATIC.lastIndex = at;
  const found = AUTOMATIC.exec(text)?.[0];
  if (!found) return null;
  const url = plainEntities(found);
  const scheme = url.includes("://") ? "" : url.startsWith("www.") ? "http://" : "mailto:";
  return { node: link(scheme + url, url), end: at + found.length };
}

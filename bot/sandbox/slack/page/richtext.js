/** rich_text blocks as descriptions to draw. */

import { dateText } from "./dates.js";
import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { channelMention, groupMention, link, userMention } from "./links.js";

const STYLES = [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"], ["underline", "u"]];

const PARTS = {
  rich_text_section: (part) => h("div", null, inline(part.elements)),
  rich_text_quote: (part) => h("blockquote", null, inline(part.elements)),
  rich_text_preformatted: (part) => h("pre", null, inline(part.elements)),
  rich_text_list: list,
};

const INLINE = {
  text: (element) => element.text,
  link: (element) => link(element.url, element.text || element.url),
  emoji: (element) => emoji(element.name) ?? `:${element.name}:`,
  user: (element) => userMention(element.user_id),
  channel: (element) => channelMention(element.channel_id),
  usergroup: (element) => groupMention(element.usergroup_id),
  broadcast: (element) => groupMention(element.range),
  date: (element) => dateText(element.timestamp, element.format ?? "{date}") ?? element.fallback ?? "",
  color: (element) => h("code", null, element.value),
};

/** A rich_text block. */
export function richText(block) {
  return h("div", { class: "rich-text" }, block.elements.map((part) => PARTS[part.type]?.(part) ?? null));
}

function list(part) {
  const ordered = part.style === "ordered";
  const items = part.elements.map((item) => h("li", null, inline(item.elements ?? [])));
  const start = ordered ? (part.offset ?? 0) + 1 : null;
  return h(ordered ? "ol" : "ul", { class: `indent-${Math.min(part.indent ?? 0, 8)}`, start }, items);
}

function inline(elements) {
  return elements.map((element) => styled(element.style, INLINE[element.type]?.(element) ?? element.text ?? ""));
}

function styled(style, content) {
  return STYLES.reduce((inner, [name, tag]) => (style?.[name] ? h(tag, null, inner) : inner), content);
}

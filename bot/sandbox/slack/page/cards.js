/** Block Kit's newer blocks: alerts, cards, carousels, containers, plans, videos. */

import { h } from "./dom.js";
import { drawElement, picture } from "./elements.js";
import { icon } from "./icons.js";
import { link } from "./links.js";
import { plainText, textBox, textObject } from "./mrkdwn.js";
import { richText } from "./richtext.js";

const TASK_SIGNS = { pending: "clock", in_progress: "clock", complete: "check", error: "warn" };

/** Block type -> (spot, block, drawBlocks) => descriptions. */
export const CARDS = { alert, card, carousel, container, plan, task_card: task, video };

function alert(_spot, block) {
  const level = block.level ?? "default";
  return h("div", { class: `alert ${level}`, role: "note" }, icon("warn"), textBox(block.text));
}

function card(spot, block) {
  const buttons = (block.actions ?? []).map((each) => drawElement(spot, block, each));
  return h(
    "article",
    { class: "card" },
    block.hero_image && picture(block.hero_image, "hero"),
    h(
      "div",
      { class: "card-head" },
      block.icon && picture(block.icon, "card-icon"),
      h(
        "div",
        null,
        block.title && h("strong", null, textObject(block.title)),
        block.subtitle && h("small", null, textObject(block.subtitle)),
      ),
    ),
    block.body && textBox(block.body),
    buttons.length > 0 && h("div", { class: "block-actions" }, buttons),
  );
}

function carousel(spot, block) {
  const props = { class: "cards", tabIndex: 0, role: "group", "aria-label": "Cards" };
  return h("div", props, block.elements.map((each) => card(spot, each)));
}

function container(spot, block, drawBlocks) {
  const head = [
    block.icon && picture(block.icon, "card-icon"),
    h("strong", null, block.rich_text_title ? richText(block.rich_text_title) : textObject(block.title)),
    block.subtitle && h("small", null, textObject(block.subtitle)),
  ];
  const [inner] = drawBlocks(spot, block.child_blocks);
  if (!block.is_collapsible) {
    return h("section", { class: "container" }, h("div", { class: "card-head" }, head), inner);
  }
  return h("details", { class: "container", open: !block.default_collapsed }, h("summary", null, head), inner);
}

function plan(_spot, block) {
  return [h("strong", null, block.title), (block.tasks ?? []).map((each) => task(null, each))];
}

function task(_spot, block) {
  const words = [block.details, block.output].filter(Boolean).map(richText);
  const sources = (block.sources ?? []).map((each) => link(each.url ?? "", each.text ?? each.url ?? ""));
  return h(
    "div",
    { class: `task ${block.status}` },
    icon(TASK_SIGNS[block.status] ?? "clock"),
    h("div", null, block.title, words, sources),
  );
}

function video(_spot, block) {
  const title = plainText(block.title);
  return h(
    "figure",
    null,
    h("figcaption", null, link(block.title_url ?? block.video_url, title)),
    link(block.video_url, picture({ image_url: block.thumbnail_url, alt_text: block.alt_text }, "block-image")),
    block.description && textBox(block.description),
  );
}

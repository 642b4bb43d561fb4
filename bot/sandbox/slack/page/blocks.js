/** Block Kit's blocks; the newer ones that hold others are in cards.js. */

import { at } from "./acts.js";
import { CARDS } from "./cards.js";
import { h } from "./dom.js";
import { drawElement, picture } from "./elements.js";
import { idOf } from "./entered.js";
import { icon } from "./icons.js";
import { markdown } from "./markdown.js";
import { plainText, textBox, textObject } from "./mrkdwn.js";
import { richText } from "./richtext.js";

const DRAWN = {
  header: (_spot, block) => h("h3", { class: "block-header" }, textObject(block.text)),
  section,
  context,
  actions: (spot, block) => row("block-actions", spot, block),
  context_actions: (spot, block) => row("block-actions small", spot, block),
  divider: () => h("hr", null),
  image,
  input,
  rich_text: (_spot, block) => richText(block),
  markdown: (_spot, block) => markdown(block.text),
  table,
  ...CARDS,
};

/**
 * Draw blocks.
 * @param {Object} spot where they are (acts.js); of a view with its `values` and `errors`.
 * @param {Array<Object>} blocks
 */
export function drawBlocks(spot, blocks) {
  const drawn = blocks.map((block, index) => {
    const draw = DRAWN[block.type] ?? unknown;
    const props = { key: block.block_id ?? index, class: `block kind-${block.type}` };
    return h("div", props, draw(spot, block, drawBlocks));
  });
  return [drawn, failure(spot)];
}

/** What went wrong with the last click here. */
function failure(spot) {
  const text = at(spot).failure;
  return text && h("p", { key: "failure", class: "failure", role: "alert" }, icon("warn"), text);
}

function section(spot, block) {
  const text = [
    block.text && textBox(block.text),
    block.fields && h("div", { class: "fields" }, block.fields.map(textBox)),
  ];
  if (!block.accessory) return text;
  return h(
    "div",
    { class: "with-accessory" },
    h("div", { class: "beside" }, text),
    h("div", { class: "accessory" }, drawElement(spot, block, block.accessory)),
  );
}

function context(_spot, block) {
  return block.elements.map((element) =>
    element.type === "image" ? picture(element, "context-image") : h("span", { class: "text" }, textObject(element)),
  );
}

function row(className, spot, block) {
  return h("div", { class: className }, block.elements.map((element) => drawElement(spot, block, element)));
}

function image(_spot, block) {
  const title = block.title && h("figcaption", null, textObject(block.title));
  return h("figure", null, title, picture(block, "block-image"));
}

function input(spot, block) {
  const { element } = block;
  const id = idOf(spot, block, element);
  const error = at(spot).edited.has(block.block_id) ? null : spot.errors?.[block.block_id];
  const described = [block.hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || null;
  const optional = block.optional && h("span", { class: "optional" }, "(optional)");
  const label = {
    "aria-labelledby": `${id}-label`,
    "aria-describedby": described,
    "aria-invalid": error ? "true" : null,
    "aria-required": block.optional ? null : "true",
  };
  return h(
    "div",
    { class: error ? "input wrong" : "input" },
    h("label", { id: `${id}-label`, for: id }, plainText(block.label), " ", optional),
    drawElement(spot, block, element, label),
    error && h("p", { id: `${id}-error`, class: "error" }, icon("warn"), error),
    block.hint && h("p", { id: `${id}-hint`, class: "hint" }, textObject(block.hint)),
  );
}

function table(_spot, block) {
  const look = (column) => {
    const { align = "left", is_wrapped: wraps = false } = block.column_settings?.[column] ?? {};
    return `${align}${wraps ? "" : " one-line"}`;
  };
  const cells = (tag) => (cell, column) => h(tag, { class: look(column) }, cellText(cell));
  const [head, ...rest] = block.rows;
  const drawn = h(
    "table",
    null,
    h("thead", null, h("tr", null, head.map(cells("th")))),
    h("tbody", null, rest.map((each) => h("tr", null, each.map(cells("td"))))),
  );
  return h("div", { class: "table-frame", tabIndex: 0, role: "group", "aria-label": "Table" }, drawn);
}

function cellText(cell) {
  if (cell.type === "rich_text") return richText(cell);
  return cell.text ?? String(cell.value);
}

function unknown(_spot, block) {
  return h("p", { class: "unknown" }, `This page cannot show a ${block.type} block.`);
}

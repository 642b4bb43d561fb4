/** Standard Markdown as descriptions to draw, for markdown blocks and streamed answers; HTML in it stays text. */

import { h } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { link } from "./links.js";

const FENCE = /^\s*```/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const RULE = /^\s*([-*_])(\s*\1){2,}\s*$/;
const ITEM = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/;
const TASK = /^\[([ xX])\]\s+/;
const QUOTE = /^\s*> ?/;
const COLUMNS = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
const DEEPEST = 20;
/** How deep quotes and lists are followed: text from strangers may nest without end. */

/** Markdown of any length. */
export function markdown(text) {
  return h("div", { class: "markdown" }, blocks(text.replace(/\r\n?/g, "\n").split("\n"), 0));
}

function blocks(lines, depth) {
  const drawn = [];
  for (let at = 0; at < lines.length; ) {
    const reader = depth > DEEPEST ? paragraph : readers.find((each) => each.starts(lines, at))?.read ?? paragraph;
    const [node, end] = reader(lines, at, depth);
    drawn.push(node);
    at = end;
  }
  return drawn;
}

const blank = (lines, at) => lines[at] === undefined || /^\s*$/.test(lines[at]);

/** What a block begins with, and how it is read: a description and the line after it. */
const readers = [
  { starts: blank, read: (_lines, at) => [null, at + 1] },
  { starts: (lines, at) => FENCE.test(lines[at]), read: fenced },
  {
    starts: (lines, at) => HEADING.test(lines[at]),
    read: (lines, at) => {
      const [, marks, text] = HEADING.exec(lines[at]);
      return [h(`h${marks.length}`, null, inline(text)), at + 1];
    },
  },
  { starts: (lines, at) => RULE.test(lines[at]), read: (_lines, at) => [h("hr", null), at + 1] },
  { starts: (lines, at) => QUOTE.test(lines[at]), read: quote },
  { starts: (lines, at) => ITEM.test(lines[at]), read: list },
  { starts: (lines, at) => lines[at].includes("|") && COLUMNS.test(lines[at + 1] ?? ""), read: table },
];

function paragraph(lines, at, depth) {
  let end = at + 1;
  const goesOn = () => depth > DEEPEST || !readers.some((each) => each.starts(lines, end));
  while (end < lines.length && goesOn()) end += 1;
  return [h("p", null, inline(lines.slice(at, end).join("\n"))), end];
}

function fenced(lines, at) {
  let end = at + 1;
  while (end < lines.length && !FENCE.test(lines[end])) end += 1;
  return [h("pre", null, lines.slice(at + 1, end).join("\n")), end + 1];
}

function quote(lines, at, depth) {
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end])) end += 1;
  const inner = lines.slice(at, end).map((line) => line.replace(QUOTE, ""));
  return [h("blockquote", null, blocks(inner, depth + 1)), end];
}

function list(lines, at, depth) {
  const [, margin, mark] = ITEM.exec(lines[at]);
  const ordered = /\d/.test(mark);
  const items = [];
  let end = at;
  while (end < lines.length) {
    const found = ITEM.exec(lines[end]);
    if (found && found[1].length <= margin.length) {
      if (/\d/.test(found[2]) !== ordered) break;
      items.push([found[3]]);
    } else if (blank(lines, end) || !/^\s{2,}/.test(lines[end])) {
      break;
    } else {
      items.at(-1).push(lines[end].slice(Math.min(margin.length + 2, lines[end].search(/\S/))));
    }
    end += 1;
  }
  const drawn = items.map(([first, ...rest]) => h("li", null, item(first), blocks(rest, depth + 1)));
  return [h(ordered ? "ol" : "ul", ordered ? { start: parseInt(mark, 10) } : null, drawn), end];
}

function item(text) {
  const task = TASK.exec(text);
  if (!task) return inline(text);
  const done = task[1] !== " ";
  const box = h("span", { role: "img", "aria-label": done ? "done" : "to do" }, done ? "☑ " : "☐ ");
  return [box, ...inline(text.slice(task[0].length))];
}

function table(lines, at) {
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|")) end += 1;
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => inline(cell.trim()));
  const row = (tag) => (line) => h("tr", null, cells(line).map((cell) => h(tag, null, cell)));
  const body = lines.slice(at + 2, end).map(row("td"));
  const drawn = h("table", null, h("thead", null, row("th")(lines[at])), h("tbody", null, body));
  return [h("div", { class: "table-frame", tabIndex: 0, role: "group", "aria-label": "Table" }, drawn), end];
}

/** Each pattern's first group is what is inside; the earliest in the text wins, and the first here on a tie. */
const INLINE = [
  [/\\([\\`*_{}[\]()#+\-.!~>|])/, (found) => found[1]],
  [/`+([^`]+?)`+/, (found) => h("code", null, found[1])],
  [/!?\[([^[\]]*)\]\(([^()\s]+)(?:\s+"[^"]*")?\)/, (found) => link(found[2], inline(found[1]))],
  [/<(https?:\/\/[^\s<>]+)>/, (found) => link(found[1], found[1])],
  [/https?:\/\/[^\s<>]*[^\s<>.,;:!?)\]'"*_~]/, (found) => link(found[0], found[0])],
  [/\*\*(?=\S)([^\n]*?\S)\*\*/, (found) => h("strong", null, inline(found[1]))],
  [/(?<!\w)__(?=\S)([^\n]*?\S)__(?!\w)/, (found) => h("strong", null, inline(found[1]))],
  [/~~(?=\S)([^\n]*?\S)~~/, (found) => h("s", null, inline(found[1]))],
  [/\*(?=[^\s*])([^\n*]*[^\s*])\*/, (found) => h("em", null, inline(found[1]))],
  [/(?<!\w)_(?=[^\s_])([^\n]*?[^\s_])_(?!\w)/, (found) => h("em", null, inline(found[1]))],
];

function inline(text) {
  const drawn = [];
  let rest = text;
  while (rest) {
    let first = null;
    for (const [pattern, draw] of INLINE) {
      const found = pattern.exec(rest);
      if (found && (!first || found.index < first.found.index)) first = { found, draw };
    }
    if (!first) break;
    drawn.push(withEmoji(rest.slice(0, first.found.index)), first.draw(first.found));
    rest = rest.slice(first.found.index + first.found[0].length);
  }
  return [...drawn, withEmoji(rest)];
}

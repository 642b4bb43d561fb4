/** The page's own line icons, drawn on a grid of 24. */

import { h } from "./dom.js";

const PATHS = {
  back: "M15 5l-7 7 7 7",
  bolt: "M13 3L5 14h6l-1 7 8-11h-6z",
  calendar: "M4 6h16v14H4zM4 10h16M8 3v5M16 3v5",
  check: "M5 12.5l4.5 4.5L19 7.5",
  clock: "M12 3a9 9 0 100 18 9 9 0 000-18zM12 7v5l3.5 2",
  close: "M6 6l12 12M18 6L6 18",
  down: "M6 9l6 6 6-6",
  edit: "M4 20l1-4L16 5l3 3L8 19z",
  eye: "M2 12c4-7 16-7 20 0-4 7-16 7-20 0zM12 9.5a2.5 2.5 0 100 5 2.5 2.5 0 000-5z",
  hash: "M9 4L7 20M17 4l-2 16M4 9h16M4 15h16",
  home: "M4 11l8-7 8 7v9h-5v-6H9v6H4z",
  link: "M10 14a4 4 0 006 0l3-3a4 4 0 00-6-6l-1 1M14 10a4 4 0 00-6 0l-3 3a4 4 0 006 6l1-1",
  lock: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 017 0v3",
  menu: "M4 7h16M4 12h16M4 17h16",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  next: "M9 5l7 7-7 7",
  people: "M9 11a3 3 0 100-6 3 3 0 000 6zM3 19c0-6 12-6 12 0M16 5.500a3 3 0 010 5.500M18 14c2 1 3 2.500 3 5",
  reply: "M4 5h16v11h-9l-5 4v-4H4z",
  send: "M4 4l17 8-17 8 3-8zM7 12h14",
  smile: "M12 3a9 9 0 100 18 9 9 0 000-18zM9 10h.01M15 10h.01M8 14c2 3 6 3 8 0",
  thumbDown: "M7 4v10M7 14l4 6c2 0 2-1 2-3v-3h5c1.500 0 2-1 1.700-2.300l-1.500-6C17.900 4.500 17 4 16 4H7z",
  thumbUp: "M7 20V10M7 10l4-6c2 0 2 1 2 3v3h5c1.500 0 2 1 1.700 2.300l-1.500 6c-.3 1.200-1.200 1.700-2.200 1.700H7z",
  trash: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
  warn: "M12 4l9 16H3zM12 10v4M12 17h.01",
};

/** An icon; it says nothing to a screen reader, so its button needs a label. */
export function icon(name, className = "icon") {
  const shape = h("path", { d: PATHS[name] });
  return h("svg", { class: className, viewBox: "0 0 24 24", "aria-hidden": "true" }, shape);
}

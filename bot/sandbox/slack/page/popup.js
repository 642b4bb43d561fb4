/** Boxes that open beside an element: menus here, lists and calendars in their own modules. One at a time. */

import { h, render } from "./dom.js";

const GAP = 4;
let open = null;

/**
 * Open a box beside the anchor, instead of any other.
 * @param {Element} anchor what opened it; gets the focus back.
 * @param {Object} options `label`, `role`, `className`, `draw` (() => descriptions), `onclose`.
 * @returns {{box: Element, redraw: Function, close: Function}}
 */
export function openPopup(anchor, { label, role = "dialog", className = "", draw, onclose = () => {} }) {
  closePopup();
  const box = document.createElement("div");
  box.className = `popup ${className}`;
  box.setAttribute("role", role);
  box.setAttribute("aria-label", label);
  // Inside the dialog if there is one: everything outside a modal dialog cannot be reached.
  (anchor.closest("dialog") ?? document.body).append(box);
  anchor.setAttribute("aria-expanded", "true");
  const popup = {
    anchor,
    box,
    redraw: () => {
      render(box, draw());
      place(anchor, box);
    },
    close: ({ refocus = true } = {}) => {
      if (open !== popup) return;
      open = null;
      box.remove();
      anchor.setAttribute("aria-expanded", "false");
      if (refocus && anchor.isConnected) anchor.focus();
      onclose();
    },
  };
  open = popup;
  popup.redraw();
  return popup;
}

/** Close what is open, if anything is. */
export function closePopup(options) {
  open?.close(options);
}

/** After a redraw: close the box of an element that is gone, keep the others at their place. */
export function settlePopup() {
  if (!open) return;
  if (open.anchor.isConnected) place(open.anchor, open.box);
  else open.close({ refocus: false });
}

/**
 * Open a menu.
 * @param {Array<{text, icon?, detail?, danger?, chosen?, pick}>} entries
 */
export function openMenu(anchor, label, entries, className = "") {
  const choose = (entry) => {
    popup.close();
    entry.pick();
  };
  const popup = openPopup(anchor, {
    label,
    role: "menu",
    className: `menu ${className}`,
    draw: () =>
      entries.map((entry) =>
        h(
          "button",
          {
            type: "button",
            role: entry.chosen === undefined ? "menuitem" : "menuitemradio",
            "aria-checked": entry.chosen === undefined ? null : String(entry.chosen),
            class: entry.danger ? "menu-item danger" : "menu-item",
            tabIndex: -1,
            onclick: () => choose(entry),
          },
          entry.icon,
          h("span", { class: "menu-text" }, entry.text, entry.detail && h("small", null, entry.detail)),
        ),
      ),
  });
  popup.box.onkeydown = (event) => walk(event, [...popup.box.querySelectorAll("button")]);
  (popup.box.querySelector("[aria-checked=true]") ?? popup.box.querySelector("button"))?.focus();
}

function walk(event, items) {
  const now = items.indexOf(document.activeElement);
  const to = {
    ArrowDown: (now + 1) % items.length,
    ArrowUp: (now - 1 + items.length) % items.length,
    ArrowRight: (now + 1) % items.length,
    ArrowLeft: (now - 1 + items.length) % items.length,
    Home: 0,
    End: items.length - 1,
  }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    items[to].focus();
  } else if (event.key === "Tab") {
    event.preventDefault();
    closePopup();
  }
}

function place(anchor, box) {
  const { top, bottom, left, width } = anchor.getBoundingClientRect();
  const below = innerHeight - bottom - 2 * GAP;
  const above = top - 2 * GAP;
  box.style.minWidth = `${Math.min(width, 320)}px`;
  box.style.maxHeight = `${Math.max(below, above)}px`;
  const height = box.offsetHeight;
  const isBelow = height <= below || below >= above;
  box.style.top = `${isBelow ? bottom + GAP : Math.max(GAP, top - GAP - height)}px`;
  box.style.left = `${Math.max(GAP, Math.min(left, innerWidth - box.offsetWidth - GAP))}px`;
}

addEventListener("pointerdown", (event) => {
  if (open && !open.box.contains(event.target) && !open.anchor.contains(event.target)) {
    closePopup({ refocus: false });
  }
}, true);
addEventListener("keydown", (event) => {
  if (open && event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    closePopup();
  }
}, true);
addEventListener("scroll", settlePopup, true);
addEventListener("resize", settlePopup);

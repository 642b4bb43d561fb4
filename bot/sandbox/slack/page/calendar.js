/** A month to pick a day from, with the mouse or the arrow keys. */

import { iconButton, linkButton } from "./controls.js";
import { dayOf } from "./dates.js";
import { h } from "./dom.js";
import { openPopup } from "./popup.js";

const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTH = new Intl.DateTimeFormat("en-US", { month: "long", year: "numeric" });
const DAY = new Intl.DateTimeFormat("en-US", { dateStyle: "full" });
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

/**
 * Open the month of a day.
 * @param {?string} day the day that is picked, YYYY-MM-DD.
 * @param {Function} onpick gets the new day, or null if `clear` is allowed and was used.
 */
export function openCalendar(anchor, label, day, onpick, { clear = false } = {}) {
  let at = day ? new Date(`${day}T12:00`) : new Date();

  const go = (date) => {
    at = date;
    popup.redraw();
    popup.box.querySelector("[tabindex='0']").focus();
  };
  const pick = (value) => {
    popup.close();
    onpick(value);
  };

  function keydown(event) {
    const months = { PageUp: -1, PageDown: 1 }[event.key];
    if (!(event.key in STEPS) && !months) return;
    event.preventDefault();
    go(months ? shifted(at, months) : dayAfter(at, STEPS[event.key]));
  }

  function drawDay(date) {
    const value = dayOf(date);
    const classes = ["date"];
    if (date.getMonth() !== at.getMonth()) classes.push("other-month");
    if (value === dayOf(new Date())) classes.push("today");
    return h(
      "td",
      { role: "gridcell", "aria-selected": String(value === day) },
      h("button", {
        type: "button",
        class: classes.join(" "),
        tabIndex: value === dayOf(at) ? 0 : -1,
        "aria-label": DAY.format(date),
        onclick: () => pick(value),
      }, String(date.getDate())),
    );
  }

  function drawWeeks() {
    const first = new Date(at.getFullYear(), at.getMonth(), 1, 12);
    const start = 1 - first.getDay();
    const date = (offset) => new Date(at.getFullYear(), at.getMonth(), start + offset, 12);
    return Array.from({ length: 6 }, (_, week) =>
      h("tr", null, WEEKDAYS.map((_name, weekday) => drawDay(date(week * 7 + weekday)))),
    );
  }

  const popup = openPopup(anchor, {
    label,
    className: "calendar",
    draw: () => [
      h(
        "div",
        { class: "calendar-head" },
        iconButton("back", "Previous month", () => go(shifted(at, -1))),
        h("strong", { "aria-live": "polite" }, MONTH.format(at)),
        iconButton("next", "Next month", () => go(shifted(at, 1))),
      ),
      h(
        "table",
        { role: "grid", "aria-label": MONTH.format(at), onkeydown: keydown },
        h("thead", null, h("tr", null, WEEKDAYS.map((name) => h("th", { abbr: name }, name.slice(0, 2))))),
        h("tbody", null, drawWeeks()),
      ),
      clear && day && linkButton("Clear date", () => pick(null)),
    ],
  });
  popup.box.querySelector("[tabindex='0']").focus();
}

function dayAfter(date, days) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days, 12);
}

/** The same day some months away, or that month's last day. */
function shifted(date, months) {
  const last = new Date(date.getFullYear(), date.getMonth() + months + 1, 0).getDate();
  return new Date(date.getFullYear(), date.getMonth() + months, Math.min(date.getDate(), last), 12);
}

/** Block Kit's pickers of a day, a time, or both. */

import { at } from "./acts.js";
import { openCalendar } from "./calendar.js";
import { dayLabel, dayOf, timeLabel } from "./dates.js";
import { h } from "./dom.js";
import { entered, idOf } from "./entered.js";
import { icon } from "./icons.js";
import { plainText } from "./mrkdwn.js";
import { openList } from "./picklist.js";
import { use } from "./use.js";

/** Element type -> (spot, block, element, label) => description. */
export const PICKERS = { datepicker, timepicker, datetimepicker };

/** A button that shows a value and opens something to change it. */
function opener(spot, block, element, label, name, text, open) {
  const usual = name === "calendar" ? "Pick a date" : "Pick a time";
  const placeholder = element.placeholder ? plainText(element.placeholder) : usual;
  return h(
    "button",
    {
      type: "button",
      class: text ? "button select" : "button select empty",
      id: idOf(spot, block, element),
      ...label,
      "aria-haspopup": "dialog",
      "aria-expanded": "false",
      "aria-busy": at(spot).pending.has(element.action_id) ? "true" : null,
      "data-action": element.action_id,
      title: placeholder,
      onclick: (event) => open(event.currentTarget, placeholder),
    },
    icon(name),
    h("span", null, text ?? placeholder),
  );
}

function datepicker(spot, block, element, label) {
  const day = entered(spot, block, element);
  const pick = (value) => use(spot, block, element, value);
  return opener(spot, block, element, label, "calendar", day && dayLabel(day), (anchor, title) =>
    openCalendar(anchor, title, day, pick, { clear: block.optional }),
  );
}

function timepicker(spot, block, element, label) {
  const time = entered(spot, block, element);
  const pick = (value) => use(spot, block, element, value);
  return opener(spot, block, element, label, "clock", time && timeLabel(time), (anchor, title) =>
    openTimes(anchor, title, time, pick, block.optional),
  );
}

function datetimepicker(spot, block, element, label) {
  const seconds = entered(spot, block, element);
  const chosen = seconds ? new Date(seconds * 1000) : null;
  const day = chosen && dayOf(chosen);
  const time = chosen && hourAndMinute(chosen.getHours(), chosen.getMinutes());
  const pick = (newDay, newTime) =>
    use(spot, block, element, Math.floor(new Date(`${newDay}T${newTime}`).getTime() / 1000));
  const pickDay = (anchor, title) =>
    openCalendar(anchor, title, day, (value) => pick(value, time ?? "09:00"));
  const pickTime = (anchor, title) =>
    openTimes(anchor, title, time, (value) => pick(day ?? dayOf(new Date()), value), false);
  const second = { ...element, action_id: `${element.action_id}-time` };
  return h(
    "span",
    { class: "together", role: "group", ...label },
    opener(spot, block, element, { "aria-label": "Date" }, "calendar", day && dayLabel(day), pickDay),
    opener(spot, block, second, { "aria-label": "Time" }, "clock", time && timeLabel(time), pickTime),
  );
}

/** Every half hour, and any minute that is typed. */
function openTimes(anchor, label, time, onpick, optional) {
  const option = (value) => ({ id: value, text: timeLabel(value), value });
  const halves = Array.from({ length: 48 }, (_, half) =>
    option(hourAndMinute(Math.floor(half / 2), half % 2 ? 30 : 0)),
  );
  const groups = async (query) => {
    const typed = typedTime(query);
    const wanted = query.toLowerCase().trim();
    const fitting = halves.filter((each) => each.text.toLowerCase().startsWith(wanted) && each.id !== typed);
    return [{ options: typed ? [option(typed), ...fitting] : fitting }];
  };
  openList(anchor, { label, groups, chosen: new Set([time]), clear: optional && time && "Clear time", onpick });
}

function typedTime(text) {
  const found = /^\s*(\d{1,2})[:.h]?(\d{2})?\s*([ap])?\.?m?\.?\s*$/i.exec(text);
  if (!found) return null;
  const half = found[3]?.toLowerCase();
  const hour = half ? (Number(found[1]) % 12) + (half === "p" ? 12 : 0) : Number(found[1]);
  const minute = Number(found[2] ?? 0);
  if (hour > 23 || minute > 59) return null;
  return hourAndMinute(hour, minute);
}

function hourAndMinute(hour, minute) {
  return `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
}

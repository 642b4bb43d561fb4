/** Days and times as people read them; `ts` is Slack's (epoch seconds with a fraction, as text). */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const said = (options) => new Intl.DateTimeFormat("en-US", options);
const TIME = said({ hour: "numeric", minute: "2-digit" });
const TIME_SECONDS = said({ hour: "numeric", minute: "2-digit", second: "2-digit" });
const SHORT = said({ month: "short", day: "numeric", year: "numeric" });
const MEDIUM = said({ month: "long", day: "numeric", year: "numeric" });
const LONG = said({ weekday: "long", month: "long", day: "numeric", year: "numeric" });
const HEADING = said({ weekday: "long", month: "long", day: "numeric" });

/** Slack's date tokens ("Formatting text for app surfaces", Slack's docs). */
const TOKENS = {
  date_num: (at) => dayOf(at),
  date_slash: (at) => dayOf(at).replaceAll("-", "/"),
  date: (at) => MEDIUM.format(at),
  date_short: (at) => SHORT.format(at),
  date_long: (at) => LONG.format(at),
  date_pretty: (at) => near(at) ?? MEDIUM.format(at),
  date_short_pretty: (at) => near(at) ?? SHORT.format(at),
  date_long_pretty: (at) => near(at) ?? LONG.format(at),
  time: (at) => TIME.format(at),
  time_secs: (at) => TIME_SECONDS.format(at),
  ago: (at) => ago(at),
};

export const clockTime = (ts) => TIME.format(moment(ts));
export const fullTime = (ts) => `${LONG.format(moment(ts))} at ${TIME_SECONDS.format(moment(ts))}`;
export const moment = (ts) => new Date(Number(ts) * 1000);

/** The heading above a day's messages. */
export function dayHeading(ts) {
  return sentence(near(moment(ts)) ?? HEADING.format(moment(ts)));
}

/** When, without a need to be drawn again: `today at 10:42 AM`. */
export function dayAndTime(ts) {
  return `${near(moment(ts)) ?? SHORT.format(moment(ts))} at ${clockTime(ts)}`;
}

/** A local day as YYYY-MM-DD. */
export function dayOf(date) {
  const two = (number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** A `YYYY-MM-DD` for people. */
export const dayLabel = (day) => SHORT.format(new Date(`${day}T12:00`));

/** An `HH:MM` for people. */
export const timeLabel = (time) => TIME.format(new Date(`2000-01-01T${time}`));

/** What a `<!date^…>` shows; null if its format has no token this page knows. */
export function dateText(seconds, format) {
  const at = new Date(seconds * 1000);
  if (Number.isNaN(at.getTime())) return null;
  let known = false;
  const text = format.replace(/\{(\w+)\}/g, (whole, token) => {
    known ||= token in TOKENS;
    return TOKENS[token]?.(at) ?? whole;
  });
  return known ? text : null;
}

/** Keep every `<time data-format>` on the page current. */
export function refreshTimes() {
  for (const element of document.querySelectorAll("time[data-format]")) {
    const text = dateText(Number(element.dataset.seconds), element.dataset.format);
    if (element.textContent !== text) element.textContent = text;
  }
}

function near(at) {
  const days = Math.round((new Date(dayOf(new Date())) - new Date(dayOf(at))) / (DAY * 1000));
  return { 0: "today", 1: "yesterday", "-1": "tomorrow" }[days] ?? null;
}

function ago(at) {
  const seconds = Math.round((Date.now() - at) / 1000);
  const [size, unit] = [[DAY, "day"], [HOUR, "hour"], [MINUTE, "minute"]].find(
    ([each]) => Math.abs(seconds) >= each,
  ) ?? [1, "second"];
  if (unit === "second") return "just now";
  const count = Math.floor(Math.abs(seconds) / size);
  const amount = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return seconds < 0 ? `in ${amount}` : `${amount} ago`;
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

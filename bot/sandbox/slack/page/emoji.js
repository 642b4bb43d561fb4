/** The emoji that the page knows by name; others stay `:name:`. */

const NAMES = {
  "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", wave: "👋", clap: "👏", pray: "🙏", muscle: "💪",
  ok_hand: "👌", raised_hands: "🙌", point_right: "👉", point_left: "👈", point_up: "☝️", point_down: "👇",
  handshake: "🤝", smile: "😄", slightly_smiling_face: "🙂", grinning: "😀", joy: "😂", wink: "😉", thinking_face: "🤔",
  sob: "😭", cry: "😢", sweat_smile: "😅", sunglasses: "😎", heart_eyes: "😍", rage: "😡", sleeping: "😴",
  heart: "❤️", tada: "🎉", fire: "🔥", rocket: "🚀", star: "⭐", star2: "🌟", sparkles: "✨", zap: "⚡", boom: "💥",
  100: "💯", eyes: "👀", bulb: "💡", robot_face: "🤖", bust_in_silhouette: "👤", busts_in_silhouette: "👥",
  white_check_mark: "✅", heavy_check_mark: "✔️", ballot_box_with_check: "☑️", x: "❌", no_entry: "⛔",
  no_entry_sign: "🚫", warning: "⚠️", exclamation: "❗", question: "❓", grey_question: "❔", rotating_light: "🚨",
  bell: "🔔", no_bell: "🔕", red_circle: "🔴", large_orange_circle: "🟠", large_yellow_circle: "🟡",
  large_green_circle: "🟢", large_blue_circle: "🔵", white_circle: "⚪", black_circle: "⚫", hourglass: "⌛",
  hourglass_flowing_sand: "⏳", clock3: "🕒", stopwatch: "⏱️", alarm_clock: "⏰", calendar: "📅", date: "📅",
  spiral_calendar_pad: "🗓️", email: "✉️", envelope: "✉️", incoming_envelope: "📨", inbox_tray: "📥",
  outbox_tray: "📤", telephone_receiver: "📞", phone: "☎️", iphone: "📱", speech_balloon: "💬", memo: "📝",
  pencil2: "✏️", clipboard: "📋", pushpin: "📌", round_pushpin: "📍", paperclip: "📎", link: "🔗", mag: "🔍",
  lock: "🔒", unlock: "🔓", key: "🔑", gear: "⚙️", wrench: "🔧", hammer_and_wrench: "🛠️", toolbox: "🧰",
  chart_with_upwards_trend: "📈", bar_chart: "📊", moneybag: "💰", dollar: "💵", credit_card: "💳",
  house: "🏠", office: "🏢", convenience_store: "🏪", car: "🚗", blue_car: "🚙", truck: "🚚", airplane: "✈️",
  package: "📦", gift: "🎁", label: "🏷️", art: "🎨", computer: "💻", floppy_disk: "💾", wastebasket: "🗑️",
  arrow_right: "➡️", arrow_left: "⬅️", arrow_up: "⬆️", arrow_down: "⬇️", arrows_counterclockwise: "🔄",
  repeat: "🔁", new: "🆕", sos: "🆘", information_source: "ℹ️", snowflake: "❄️", sunny: "☀️", coffee: "☕",
};

/** The sign for a name without its colons, or undefined. */
export const emoji = (name) => NAMES[name];

/** What the reaction menu offers. */
export const REACTIONS = ["+1", "white_check_mark", "eyes", "tada", "pray", "raised_hands", "heart", "joy",
  "thinking_face", "fire", "x", "question", "inbox_tray"];

const NAMED = /:([a-z0-9_+'-]+):(?::skin-tone-[2-6]:)?/g;

/** Text with the names it has for emoji replaced by the signs. */
export function withEmoji(text) {
  return text.replace(NAMED, (whole, name) => emoji(name) ?? whole);
}

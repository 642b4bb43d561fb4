"""How the sandbox's page draws text and blocks: what is hostile stays text, and little is redrawn."""

import pytest
from playwright.async_api import Page, expect

from bot.sandbox.fixtures import Options
from bot.sandbox.slack.server import SlackSandbox
from tests.sandbox_app import CARD, Json, button, client_of, mrkdwn, plain, section
from tests.sandbox_page import IN_A_HURRY, look, message, post

HOSTILE = "<img src=x onerror=hit()> <script>hit()</script> \"'><svg onload=hit()>"

WATCH = """() => {
    window.touched = new Set();
    const note = (changes) => {
        for (const { target } of changes) {
            const element = target.nodeType === Node.TEXT_NODE ? target.parentElement : target;
            const row = element.closest("[data-ts]");
            if (row) window.touched.add(row.dataset.ts);
        }
    };
    const every = { subtree: true, childList: true, attributes: true, characterData: true };
    new MutationObserver(note).observe(document.querySelector("#stream"), every);
}"""
"""Notes the ts of every message whose elements change."""


@pytest.fixture
def slack_options() -> Options:
    return IN_A_HURRY


def everything_said(text: str) -> list[Json]:
    """Blocks that carry this text wherever blocks carry text."""
    option = {"text": plain(text[:75]), "value": "v"}
    inline = [{"type": "text", "text": text}, {"type": "link", "url": "javascript:hit()", "text": text}]
    return [
        {"type": "header", "text": plain(text)},
        section(text, fields=[plain(text), mrkdwn(text)]),
        section("<javascript:hit()|press me> <https://x.example/'onclick='hit()|and me>"),
        {"type": "context", "elements": [mrkdwn(text), plain(text)]},
        {"type": "actions", "elements": [button("press", text=plain(text[:75]))]},
        section("pick", accessory={"type": "overflow", "action_id": "menu", "options": [option]}),
        {"type": "image", "image_url": "javascript:hit()", "alt_text": text, "title": plain(text)},
        {
            "type": "rich_text",
            "elements": [
                {"type": "rich_text_section", "elements": inline},
                {"type": "rich_text_preformatted", "elements": inline},
                {"type": "rich_text_list", "style": "bullet", "elements": [{"elements": inline}]},
            ],
        },
        {"type": "markdown", "text": f"# {text}\n\n{text}\n\n- {text}\n\n[press](javascript:hit())"},
        {"type": "table", "rows": [[{"type": "raw_text", "text": text}]]},
        {"type": "card", "title": plain(text), "body": plain(text)},
        {"type": "container", "title": plain(text), "child_blocks": [section(text)]},
    ]


async def test_hostile_text_stays_text(page: Page, slack: SlackSandbox) -> None:
    hits: list[str] = []
    await page.expose_function("hit", lambda: hits.append("hit"))
    await slack.say("marco", "leads", HOSTILE)
    ts = await post(slack, everything_said(HOSTILE), HOSTILE)
    await look(page, slack)
    await expect(message(page, ts).locator("h3").first).to_have_text(HOSTILE)
    unsafe = "script, svg[onload], [onerror], [onclick], [href^=javascript], [src^=javascript]"
    assert await page.locator("#app").locator(unsafe).count() == 0
    assert hits == []


async def test_every_block_that_slack_takes_is_drawn(page: Page, slack: SlackSandbox) -> None:
    ts = await post(slack, everything_said("something"))
    await look(page, slack)
    await expect(message(page, ts).locator(".block")).to_have_count(13)  # one stands in the container
    assert await message(page, ts).locator(".unknown").count() == 0


async def test_mrkdwn_is_drawn_as_slack_draws_it(page: Page, slack: SlackSandbox) -> None:
    dana, leads = slack.user("dana"), slack.desk_channel
    drawn = {
        "*bold* _it_ ~no~ `co*d*e`": "<strong>bold</strong> <em>it</em> <s>no</s> <code>co*d*e</code>",
        "2*3*4 snake_case_word * a *": "2*3*4 snake_case_word * a *",
        "*_both_*": "<strong><em>both</em></strong>",
        "&lt;b&gt; &amp;amp;": "&lt;b&gt; &amp;amp;",
        "&gt; one\n> two\nthree": "<blockquote>one\ntwo</blockquote>three",
        "```a\n *b*```": "<pre>a\n *b*</pre>",
        f"<@{dana}>": '<span class="mention to-me">@Dana Whitfield</span>',
        f"<#{leads}|x>": '<button type="button" class="mention">#leads</button>',
        "<!here>": '<span class="mention to-me">@here</span>',
        ":tada: :unheard_of:": '<span title=":tada:">🎉</span> :unheard_of:',
        "<javascript:alert(1)|x>": "<span>x</span>",
        "<!date^0^{nothing}|then>": "<span>then</span>",
    }
    await look(page, slack)
    seen = await page.evaluate(
        """async (texts) => {
            const [{ mrkdwn }, { render }] = await Promise.all([import("/mrkdwn.js"), import("/dom.js")]);
            return texts.map((text) => {
                const box = document.createElement("div");
                render(box, mrkdwn(text));
                return box.innerHTML;
            });
        }""",
        list(drawn),
    )
    assert dict(zip(drawn, seen, strict=True)) == drawn


async def test_a_task_list_shows_what_is_done(page: Page, slack: SlackSandbox) -> None:
    ts = await post(
        slack, [{"type": "markdown", "text": "- [x] call Ana\n- [ ] send a *quote*\n- [link](x)"}]
    )
    await look(page, slack)
    await expect(message(page, ts).locator("li")).to_have_text(["☑ call Ana", "☐ send a quote", "link"])


@pytest.mark.parametrize("width", [360, 1280])
async def test_nothing_is_wider_than_the_screen(page: Page, slack: SlackSandbox, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 740})
    ts = await post(slack, [*everything_said("wide " + "w" * 60), *CARD])
    await look(page, slack)
    await expect(message(page, ts)).to_be_visible()
    widest = await page.evaluate(
        "Math.max(...[...document.querySelectorAll('#stream .scroller, #head, #composer')]"
        ".map((each) => each.scrollWidth - each.clientWidth), document.body.scrollWidth - innerWidth)"
    )
    assert widest <= 0


async def test_a_change_of_one_message_redraws_only_that_one(page: Page, slack: SlackSandbox) -> None:
    stamps = [await post(slack, CARD) for _ in range(3)]
    await look(page, slack)
    await page.evaluate(WATCH)
    await client_of(slack).chat_update(
        channel=slack.desk_channel, ts=stamps[1], text="new", blocks=[section("changed")]
    )
    await expect(message(page, stamps[1])).to_contain_text("changed")
    assert await page.evaluate("[...window.touched]") == [stamps[1]]

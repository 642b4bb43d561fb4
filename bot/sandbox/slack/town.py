"""Who and what a new workspace begins with."""

from bot.sandbox.slack.values import Channel, Kind, User
from bot.sandbox.slack.workspace import Workspace, made_id

PEOPLE = {
    "dana": "Dana Whitfield",
    "marco": "Marco Bellini",
    "priya": "Priya Raman",
    "olga": "Olga Sorensen",
}
DESK = ("dana", "marco", "priya")
CHANNELS: dict[str, tuple[Kind, tuple[str, ...], bool, str]] = {
    "leads": ("channel", DESK, True, "Every lead, one card each"),
    "general": ("channel", tuple(PEOPLE), False, "Company-wide"),
    "front-desk": ("channel", ("dana", "priya", "olga"), True, "What comes in by phone and at the counter"),
    "sales-leads": ("group", ("dana", "marco"), False, "Private"),
}
"""Name to kind, people, whether the bot is in it, topic."""


def new_workspace(app_name: str) -> Workspace:
    """A workspace with four people, four channels and one installed app."""
    space = Workspace(app_name=app_name)
    for name, real_name in PEOPLE.items():
        user_id = made_id("U", name)
        space.users[user_id] = User(
            id=user_id, name=name, real_name=real_name, email=f"{name}@leaddesk.example"
        )
    bot = User(id=space.bot_user, name=app_name.lower(), real_name=app_name, is_bot=True)
    space.users[bot.id] = bot
    for name, (kind, people, has_bot, topic) in CHANNELS.items():
        channel_id = made_id("C", name)
        members = frozenset(made_id("U", person) for person in people) | ({bot.id} if has_bot else set())
        space.channels[channel_id] = Channel(
            id=channel_id, name=name, kind=kind, members=members, topic=topic
        )
    space.usergroups[made_id("S", "sales")] = ("sales", tuple(made_id("U", person) for person in DESK))
    return space

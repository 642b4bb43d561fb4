"""Posts digests and weekly reports in Slack."""

from collections.abc import Callable

from core.noise.digest import Digest
from core.noise.weekly import Week
from core.store.posts import Posts
from handlers import digest as digests
from handlers import weekly as texts
from handlers import weekly_picture
from handlers.posting import Posting
from handlers.slack.directory import Directory


class SlackReporter:
    """core.noise.reporting.Reporter on Slack."""

    def __init__(
        self,
        posts: Posts,
        posting: Posting,
        directory: Directory,
        *,
        hidden: Callable[[str], frozenset[str]],
    ) -> None:
        """hidden: business type -> names of entities its desk does not show."""
        self._posts = posts
        self._posting = posting
        self._directory = directory
        self._hidden = hidden

    async def digest(self, key: str, desk: str, digest: Digest) -> None:
        """To the desk's channel, with links to the cards of the leads that it names."""
        named = [lead.lead_id for lead in digests.shown(digest)]
        links = await self._directory.links(await self._posts.cards(named))
        message = digests.digest(digest, links, hidden=self._hidden)
        channel = await self._directory.channel_id(desk)
        await self._posting.once(key, channel, {"text": message.text, "blocks": message.blocks})

    async def weekly(self, key: str, desk: str, week: Week) -> None:
        """To the desk's channel, the figures beside the picture."""
        channel = await self._directory.channel_id(desk)
        name = f"week-{week.first.isoformat()}.png"
        picture = weekly_picture.draw(week)
        title = f"Leads by source and hour, {week.first:%d %b} to {week.last:%d %b}"
        await self._posting.upload_once(key, channel, name, picture, title=title, text=texts.text(week))

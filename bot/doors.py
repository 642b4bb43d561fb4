"""The doors: what Slack sends and what comes over HTTP, each to its listener or route."""

import logging
from collections.abc import Iterable
from contextlib import AsyncExitStack

from aiohttp import web
from slack_bolt.async_app import AsyncApp

from bot.gauges import measure
from bot.making import secret
from bot.settings import Settings
from core.desk import Desk
from core.errors import Refused
from handlers.slack import (
    actions,
    agent,
    bursts,
    commands,
    deliveries,
    home,
    invitations,
    looks,
    me,
    mentions,
    menu,
    merge,
    messages,
    reactions,
    rules,
    shapes,
    shortcuts,
    similar,
    verbs,
)
from handlers.slack.api import Slack
from handlers.slack.directory import Directory
from handlers.slack.homes import Homes
from handlers.slack.turns import Turns
from handlers.web import deliveries as replays
from handlers.web import health, webhooks
from handlers.web.api.routes import routes as api_routes
from handlers.web.app import slack_events, web_app
from handlers.web.connections import Connections
from handlers.web.forms.routes import Forms
from handlers.web.forms.routes import routes as form_routes
from handlers.web.forms.token import tokens_of
from handlers.web.guards import finish, guards
from handlers.web.guesses import Guesses
from handlers.web.keys import Keys
from handlers.web.limits import Limits, Rates


def bolt_app(settings: Settings, slack: Slack, desk: Desk, directory: Directory, turns: Turns) -> AsyncApp:
    """Slack's way in: every listener, one module a Slack feature."""
    bolt = AsyncApp(
        client=slack.client,
        signing_secret=secret(settings.slack_signing_secret) or None,
        logger=logging.getLogger("slack_bolt"),  # else at the root's level, where it logs whole messages
    )
    actions.register(bolt, desk)
    commands.register(bolt, desk, slack, directory)
    looks.register(bolt, desk, directory)
    verbs.register(bolt, desk)
    mentions.register(bolt, desk, slack, directory)
    shortcuts.register(bolt, desk, slack, directory)
    reactions.register(bolt, desk, slack, directory)
    similar.register(bolt, desk, directory)
    merge.register(bolt, desk, slack)
    menu.register(bolt, desk, slack)
    rules.register(bolt, desk, slack, directory)
    bursts.register(bolt, desk, directory)
    invitations.register(bolt, desk)
    shapes.register(bolt, desk, slack)
    messages.register(bolt, desk, directory, frozenset(settings.slack_source_bots))
    agent.register(bolt, desk, slack, turns)
    homes = Homes(desk, slack, directory)
    home.register(bolt, desk, homes)
    deliveries.register(bolt, desk, homes)
    me.register(bolt, desk, slack, homes)
    return bolt


async def serve(
    stack: AsyncExitStack,
    settings: Settings,
    desk: Desk,
    bolt: AsyncApp,
    *,
    changes: Iterable[web.RouteDef],
) -> str:
    """Open the web server until the stack closes; its address.

    changes: the routes at which the CRM rings.
    """
    secrets = {
        source: [each.get_secret_value() for each in listed]
        for source, listed in settings.webhook_secrets.items()
    }
    api_keys = [key.get_secret_value() for key in settings.api_keys]
    rates = Rates(
        calls=settings.rate_limit_per_minute,
        forms=settings.forms_per_ten_minutes,
        guesses=settings.wrong_keys_per_minute,
    )
    limits = Limits(rates, settings.redis_url)
    guesses = Guesses(limits)
    connections = Connections()
    keys = Keys(plain=api_keys, kept=desk.parts.store.api_keys, limits=limits, guesses=guesses)
    stack.push_async_callback(limits.close)
    app = web_app(
        webhooks.routes(
            desk,
            keys=keys,
            secrets=secrets,
            public_url=settings.public_url,
            facebook_verify_token=secret(settings.facebook_verify_token),
        ),
        replays.routes(desk, keys),
        form_routes(
            Forms(
                desk=desk,
                tokens=await tokens_of(desk.parts.store.signing_keys, settings.data_dir),
                public_url=settings.public_url,
                limits=limits,
                guesses=guesses,
            )
        ),
        api_routes(desk, keys),
        health.routes(ready=lambda: True, measure=lambda: measure(desk.parts.store)),
        changes,
        [] if settings.slack_app_token else slack_events(bolt),
        guards=guards(
            connections=connections, limits=limits, guesses=guesses, proxies=settings.trusted_proxies
        ),
        finish=finish(settings.cors_origins),
    )
    listening = connections.listening(app, settings.http_host, settings.http_port)
    try:
        port = await stack.enter_async_context(listening)
    except OSError as error:
        place = f"{settings.http_host}:{settings.http_port}"
        raise Refused("HTTP", f"cannot listen on {place} ({error.strerror}): set HTTP_PORT") from None
    return f"http://{settings.http_host}:{port}"

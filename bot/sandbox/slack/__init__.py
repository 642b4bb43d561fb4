"""A strict local Slack workspace: Web API, Socket Mode, signed HTTP delivery and a page, on loopback only."""

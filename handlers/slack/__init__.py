"""Slack's ways in: one module a Slack feature, each with register(app, desk)."""

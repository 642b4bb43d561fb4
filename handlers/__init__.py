"""Translate Slack and HTTP into core calls, and back; no business decision is taken here."""

"""HTTP's ways in: webhooks, the API, health."""

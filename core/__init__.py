"""The lead and what happens to it; knows no Slack, no web server, no engine."""

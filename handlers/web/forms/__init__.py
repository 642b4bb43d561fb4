"""The desk's own form on the web, for people who have none of theirs."""

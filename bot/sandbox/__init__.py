"""A local Slack workspace, Airtable and Ollama on loopback: strict stand-ins to try, build and test with."""

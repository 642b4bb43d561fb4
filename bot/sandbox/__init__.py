"""A local Slack workspace, Airtable and Ollama on loopback: strict stand-ins to try, develop and test with."""

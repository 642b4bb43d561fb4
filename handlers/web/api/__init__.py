"""The API, version 1: its operations, from which both its routes and its document are made."""

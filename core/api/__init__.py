"""Leads for programs: keys, lists, reading and changing, whichever door they come through."""

"""Leads alike in meaning: searched in Chroma, with filters in a sketch in memory; the store is the truth."""

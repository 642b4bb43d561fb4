"""Noise under control: who is told what, how loudly, when, and what many leads at once look like."""

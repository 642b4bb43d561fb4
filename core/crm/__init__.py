"""The CRM: what a lead says there, who has the last word on each cell, and how both sides stay the same."""

"""`basecamp prompts check`: is every business type's file right, and where is it not."""

import sys
from pathlib import Path

import prompts
from bot.settings import Settings
from prompts import BadBusinessFile, BusinessType


def check(settings: Settings, file: Path | None) -> None:
    """Print a line for each file, its mistakes on lines of their own; exit with 1 if there is any."""
    paths = [file] if file is not None else list(prompts.files(settings.prompts_dir).values())
    wrong = False
    for path in paths:
        try:
            said = _sizes(prompts.load_file(path))
        except BadBusinessFile as error:
            wrong = True
            said = "\n  ".join(["must be mended", *str(error).splitlines()])
        sys.stdout.write(f"{path.stem}: {said}\n")
    if wrong:
        sys.exit(1)


def _sizes(business: BusinessType) -> str:
    sentences = sum(len(guide.examples) for guide in business.intents.values())
    return (
        f"right ({business.title}; {sentences} sentences of its own, {len(business.entities)} entities,"
        f" {len(business.insights)} insights, {len(business.examples)} examples; digest {business.digest})"
    )

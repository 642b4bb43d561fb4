"""Requests by the thousand, made from the API's own document: some that it allows, some that it does not."""

import asyncio
import os
import re
import sysconfig
from pathlib import Path

from tests.product import API_KEY

CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 400, 404, 409, 412, 422, 503]

[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 422]
"""
"""A document cannot say which e-mail addresses or dates there are: a well-formed request may be refused."""


async def fuzz(
    url: str, folder: Path, *, examples: int, phases: str = "coverage,fuzzing", seed: int | None = None
) -> tuple[int, int, str]:
    """Failures (0: none), requests made and the report, of a run against that product.

    Args:
        url: of the product.
        folder: for its files.
        examples: most requests an operation and phase.
        phases: "coverage" tries each bound of each value, "fuzzing" what comes.
        seed: for the same requests again.
    """
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG, encoding="utf-8")
    scripts = Path(sysconfig.get_path("scripts"))
    command = [
        *(str(scripts / "schemathesis"), "--config-file", str(config), "--no-color"),
        *("run", f"{url}/api/v1/openapi.json", "--checks", "all", "--phases", phases),
        *("--max-examples", str(examples), "-H", f"Authorization: Bearer {API_KEY}"),
        *("--continue-on-failure", "--warnings", "off", "--suppress-health-check", "all"),
        *(("--seed", str(seed)) if seed is not None else ()),
    ]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=folder, env=_clean()
    )
    told, _ = await process.communicate()
    report = told.decode(errors="replace")
    made = re.search(r"(\d[\d,]*) generated", report)
    return process.returncode or 0, int(made[1].replace(",", "")) if made else 0, report


def _clean() -> dict[str, str]:
    """Not as wide as a terminal, or the report is cut."""
    return {**os.environ, "COLUMNS": "200"}

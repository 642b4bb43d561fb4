"""Rules as they stand in a desk's file: YAML that can be put there, reviewed and read again."""

from typing import Any

import yaml

from core.deskfile import Routing, Rule


def as_yaml(routing: Routing) -> str:
    """The file's part ``routing:``, without what is as it would be anyway."""
    said: dict[str, Any] = {}
    if not routing.known_owner:
        said["known_owner"] = False
    if routing.rules:
        said["rules"] = [_rule(rule) for rule in routing.rules]
    said["otherwise"] = routing.otherwise
    return yaml.safe_dump({"routing": said}, sort_keys=False, allow_unicode=True, width=110)


def _rule(rule: Rule) -> dict[str, Any]:
    when = rule.when.model_dump(mode="json", exclude_defaults=True)
    written = {
        name: value[0] if isinstance(value, list) and len(value) == 1 else value
        for name, value in when.items()
    }
    goes = {"desk": rule.desk} if rule.desk else {"to": list(rule.to) if len(rule.to) > 1 else rule.to[0]}
    return {"name": rule.name, "when": written, **goes}

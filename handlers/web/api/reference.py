"""The API's document for people: one page that needs nothing else, no script and nobody's server."""

from collections.abc import Mapping
from html import escape
from typing import Any

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1rem; font-size: 1.2rem; }
code, pre { font: 14px/1.45 ui-monospace, monospace; }
pre { overflow-x: auto; background: var(--soft); padding: .8rem; border-radius: 6px; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; }
td, th { border-bottom: 1px solid var(--line); }
.method { display: inline-block; min-width: 4.5rem; font-weight: 700; }
nav li { list-style: none; } nav ul { padding: 0; }
"""


def page(document: Mapping[str, Any]) -> str:
    """The page, HTML."""
    info = document["info"]
    entries = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    links = "".join(
        f'<li><a href="#{_safe(each["operationId"])}"><code>'
        f'<span class="method">{_safe(method.upper())}</span>'
        f"{_safe(path)}</code></a> {_safe(each['summary'])}</li>"
        for path, method, each in entries
    )
    schemas = document["components"]["schemas"]
    body = "".join(_entry(path, method, each) for path, method, each in entries)
    shapes = "".join(_shape(name, schema) for name, schema in sorted(schemas.items()))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_safe(info['title'])}: API</title><style>{STYLE}</style></head><body><main>"
        f"<h1>{_safe(info['title'])}: API {_safe(info['version'])}</h1><p>{_safe(info['description'])}</p>"
        '<p>For programs: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1).</p>'
        f'<nav aria-label="Operations"><ul>{links}</ul></nav>{body}<h2>Shapes</h2>{shapes}'
        "</main></body></html>"
    )


def _entry(path: str, method: str, operation: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{_safe(each['name'])}</code></td><td>{_safe(each['in'])}</td>"
        f"<td>{_kind(each['schema'])}</td><td>{_safe(each.get('description', ''))}</td></tr>"
        for each in operation["parameters"]
    )
    head = "<tr><th>Parameter</th><th>in</th><th>is</th><th></th></tr>"
    parameters = f"<table>{head}{rows}</table>" if rows else ""
    body = ""
    if "requestBody" in operation:
        body = f"<p>Body: {_kind(operation['requestBody']['content']['application/json']['schema'])}</p>"
    answers = "".join(
        f"<tr><td><code>{_safe(status)}</code></td><td>{_safe(each['description'])}</td>"
        f"<td>{_kind(next(iter(each['content'].values()))['schema'])}</td></tr>"
        for status, each in operation["responses"].items()
    )
    return (
        f'<section><h2 id="{_safe(operation["operationId"])}">'
        f"<code>{_safe(method.upper())} {_safe(path)}</code></h2>"
        f"<p>{_safe(operation['summary'])}. {_safe(operation['description'])}</p>{parameters}{body}"
        f"<table><tr><th>Answer</th><th></th><th>is</th></tr>{answers}</table></section>"
    )


def _shape(name: str, schema: Mapping[str, Any]) -> str:
    about = f"<p>{_safe(schema['description'])}</p>" if "description" in schema else ""
    rows = "".join(
        f"<tr><td><code>{_safe(field)}</code></td><td>{_kind(each)}</td>"
        f"<td>{_safe(each.get('description', ''))}</td></tr>"
        for field, each in schema.get("properties", {}).items()
    )
    table = f"<table>{rows}</table>" if rows else f"<p>{_kind(schema)}</p>"
    return f'<h3 id="shape-{_safe(name)}"><code>{_safe(name)}</code></h3>{about}{table}'


def _kind(schema: Mapping[str, Any]) -> str:
    """What a value is, in a few words."""
    if "$ref" in schema:
        name = _safe(schema["$ref"].rpartition("/")[2])
        return f'<a href="#shape-{name}"><code>{name}</code></a>'
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(f"<code>{_safe(each)}</code>" for each in schema["enum"])
    if "const" in schema:
        return f"<code>{_safe(schema['const'])}</code>"
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    bounds = [
        f"{word} {schema[name]}"
        for name, word in (
            ("minimum", "from"),
            ("maximum", "to"),
            ("maxLength", "at most"),
            ("default", "default"),
        )
        if name in schema
    ]
    return _safe(" ".join([str(schema.get("format") or schema.get("type", "anything")), *bounds]))


def _safe(value: Any) -> str:
    return escape(str(value))

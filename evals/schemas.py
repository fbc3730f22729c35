"""Whether arguments are such as a tool's input schema says: of JSON Schema what the schemas of tools/list use."""

from __future__ import annotations

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}


def faults(value, schema: dict, at: str = "") -> list[str]:
    kind = schema.get("type")
    if kind and (not isinstance(value, TYPES[kind]) or isinstance(value, bool) and kind in ("integer", "number")):
        return [f"{at or 'the arguments'} is no {kind}"]
    out = [f"{at} is none of {schema['enum']}"] if "enum" in schema and value not in schema["enum"] else []
    if kind in ("integer", "number"):
        out += [f"{at} is beyond {name}" for name, wrong in (("minimum", min), ("maximum", max)) if name in schema and wrong(value, schema[name]) != schema[name]]
    if kind == "object":
        known = schema.get("properties", {})
        out += [f"{at}{name} is lacking" for name in schema.get("required", []) if name not in value]
        for name, one in value.items():
            if name in known:
                out += faults(one, known[name], f"{at}{name}.".rstrip(".") if not isinstance(one, dict) else f"{at}{name}.")
            elif schema.get("additionalProperties") is False:
                out.append(f"{at}{name} is not in the schema")
    if kind == "array" and "items" in schema:
        for index, one in enumerate(value):
            out += faults(one, schema["items"], f"{at}[{index}]")
    return out

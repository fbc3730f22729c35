"""server.json, by which registries of servers know the packages: schema of 2025-12-11."""

import json
import re

from common import FOLDER, TARGETS, about, registry_name, sha256, version, written

SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
KINDS = {"mcpb", "npm", "pypi", "oci", "nuget"}


def write(out):
    """The file with this version, and with one package for each bundle that is in the folder."""
    said = about()
    server = json.loads((FOLDER / "server.json").read_text("utf-8"))
    others = [package for package in server["packages"] if package["registryType"] != "mcpb"]
    of_bundles = next(package for package in server["packages"] if package["registryType"] == "mcpb")
    bundles = []
    for target in TARGETS:
        path = out / f"factor-mcp-{version()}-{target}.mcpb"
        if path.is_file():
            url = f"{said['repository']}/releases/download/v{version()}/{path.name}"
            bundles.append(of_bundles | {"identifier": url, "fileSha256": sha256(path)})
    server["packages"] = bundles + others
    check(server)
    (out / "server.json").write_text(written(server), "utf-8")
    return out / "server.json"


def check(server):
    """The rules of the schema and of the official registry, each with what breaks it."""
    wrong = []

    def hold(condition, said):
        if not condition:
            wrong.append(said)

    hold(server.get("$schema") == SCHEMA, f"$schema is not {SCHEMA}")
    hold(re.fullmatch(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+", server.get("name", "")), "name is not `namespace/name`")
    hold(server.get("name") == registry_name(), f"name is not {registry_name()}")
    hold(1 <= len(server.get("description", "")) <= 100, "description has not 1 to 100 characters")
    hold(1 <= len(server.get("title", "")) <= 100, "title has not 1 to 100 characters")
    hold(server.get("version") == version(), f"version is not the workspace's, {version()}")
    hold(set(server.get("repository", {})) >= {"url", "source"}, "repository has no url or no source")
    allowed = {"$schema", "name", "title", "description", "version", "websiteUrl", "repository", "icons", "packages", "remotes", "_meta"}
    hold(set(server) <= allowed, f"unknown fields: {sorted(set(server) - allowed)}")
    for at, package in enumerate(server.get("packages", [])):
        of, kind = f"packages[{at}]", package.get("registryType")
        hold(kind in KINDS, f"{of}: registryType is none of {sorted(KINDS)}")
        hold(package.get("identifier"), f"{of}: no identifier")
        hold(package.get("transport", {}).get("type") == "stdio", f"{of}: the transport is not stdio")
        hold(kind == "oci" or package.get("version", version()) == version(), f"{of}: another version than the workspace's")
        if kind == "mcpb":
            hold("mcp" in package["identifier"], f"{of}: the address of a bundle has to contain `mcp`")
            hold(re.fullmatch(r"[a-f0-9]{64}", package.get("fileSha256", "")), f"{of}: fileSha256 is no SHA-256")
        for variable in package.get("environmentVariables", []):
            hold(re.fullmatch(r"[A-Z_]+", variable.get("name", "")), f"{of}: a variable without a name")
            hold(variable.get("format", "string") in {"string", "number", "boolean", "filepath"}, f"{of}: an unknown format")
            hold("KEY" not in variable["name"] or variable.get("isSecret"), f"{of}: {variable['name']} is not marked as a secret")
    if wrong:
        raise SystemExit("server.json: " + "; ".join(wrong))

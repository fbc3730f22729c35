"""Packages of a program that is built: archive, MCPB, npm, wheel, and what registries are told of them.

    pack.py all --server PROGRAM --target TRIPLE --out FOLDER     every package of this target
    pack.py manifest --server PROGRAM [--check]                   tools and prompts of packaging/mcpb/manifest.json
    pack.py npm --out FOLDER                                      the package that picks one of the targets'
    pack.py server-json --out FOLDER                              server.json with the checksums of the bundles in it
    pack.py sums --out FOLDER                                     SHA256SUMS of everything in it
    pack.py check                                                 names, versions and rules, nothing built
"""

import argparse
import gzip
import io
import json
import os
import shutil
import tarfile
from pathlib import Path

import client
import registry
import wheel
from common import FOLDER, ROOT, TARGETS, about, npm_package, paper, program_name, registry_name, sha256, version, written, zipped

MANIFEST = FOLDER / "mcpb" / "manifest.json"
# What every package has beside the program.
PAPERS = ["LICENSE", "README.md", "CHANGELOG.md", "PRIVACY.md"]


def stamp():
    """The time that files in packages have: of the commit, so that a package can be made again to the byte."""
    return int(os.environ.get("SOURCE_DATE_EPOCH", "1767225600"))


def archive(server, target, out, level):
    """The program with licence and papers: zip for Windows, else tar.gz."""
    name = f"factor-mcp-{version()}-{target}"
    files = [(program_name(target), Path(server).read_bytes(), 0o755)]
    files += [(name, paper(name), 0o644) for name in PAPERS]
    if "windows" in target:
        return zipped(out / f"{name}.zip", [(f"{name}/{path}", data, mode) for path, data, mode in files], level)
    path = out / f"{name}.tar.gz"
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", level, raw, stamp()) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        for inner, data, mode in files:
            entry = tarfile.TarInfo(f"{name}/{inner}")
            entry.size, entry.mode, entry.mtime = len(data), mode, stamp()
            tar.addfile(entry, io.BytesIO(data))
    return path


def bundle_folder(server, target, out):
    """The folder that `mcpb pack` makes a bundle of: for one platform, with the program of this target."""
    folder = out / f"mcpb-{target}"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "server").mkdir(parents=True)
    manifest = json.loads(MANIFEST.read_text("utf-8"))
    manifest["version"] = version()
    manifest["compatibility"]["platforms"] = [TARGETS[target][4]]
    manifest["server"]["entry_point"] = f"server/{program_name(target)}"
    (folder / "manifest.json").write_text(written(manifest), "utf-8")
    shutil.copy(server, folder / "server" / program_name(target))
    (folder / "server" / program_name(target)).chmod(0o755)
    shutil.copy(FOLDER / "icon.png", folder / "icon.png")
    for name in PAPERS:
        (folder / name).write_bytes(paper(name))
    return folder


def npm_of_target(server, target, out):
    """The folder of the package that holds one target's program."""
    system, cpu, libc, _, _ = TARGETS[target]
    name = npm_package(target)
    folder = out / "npm" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    said = about()
    package = {
        "name": name, "version": version(), "description": f"factor-mcp for {target}", "license": said["license"],
        "repository": {"type": "git", "url": f"git+{said['repository']}.git"}, "os": [system], "cpu": [cpu],
    }
    if libc:
        package["libc"] = [libc]
    package |= {"files": [program_name(target)], "preferUnplugged": True}
    (folder / "package.json").write_text(written(package), "utf-8")
    shutil.copy(server, folder / program_name(target))
    (folder / program_name(target)).chmod(0o755)
    shutil.copy(ROOT / "LICENSE", folder / "LICENSE")
    return folder


def npm_launcher(out):
    """The folder of the package that people name: it has no program, and one optional package for each target."""
    folder = out / "npm" / "factor-mcp"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(FOLDER / "npm" / "factor-mcp", folder)
    package = json.loads((folder / "package.json").read_text("utf-8"))
    package["version"] = version()
    package["mcpName"] = registry_name()
    package["optionalDependencies"] = {npm_package(target): version() for target in TARGETS}
    (folder / "package.json").write_text(written(package), "utf-8")
    for name in ["LICENSE", "README.md"]:
        (folder / name).write_bytes(paper(name))
    return folder


def manifest(server, check):
    """Puts the program's tools and prompts into the bundle's manifest, or says what differs."""
    running = client.Server([server], client.minimal({"FACTOR_PRICE_SOURCE": "sample"}.items()))
    tools, prompts = client.lists(running)
    running.close()
    first = lambda text: text.split("\n")[0].split(". ")[0].rstrip(".") + "."
    of = {
        "tools": [{"name": tool["name"], "description": first(tool["description"])} for tool in tools],
        "prompts": [
            {"name": prompt["name"], "description": prompt["description"],
             "arguments": [argument["name"] for argument in prompt.get("arguments", [])], "text": text}
            for prompt, text in prompts
        ],
    }
    said = about()
    kept = json.loads(MANIFEST.read_text("utf-8"))
    due = kept | of | {
        "version": version(), "display_name": said["display_name"], "description": said["description"],
        "long_description": said["long_description"], "license": said["license"], "keywords": said["keywords"],
    }
    if not check:
        MANIFEST.write_text(written(due), "utf-8")
    elif due != kept:
        differing = [field for field in due if due[field] != kept.get(field)]
        raise SystemExit(f"packaging/mcpb/manifest.json is not what the program says ({', '.join(differing)}): run "
                         "packaging/pack.py manifest --server PROGRAM")
    print(f"{len(tools)} tools, {len(prompts)} prompts")


def sums(out):
    files = sorted(path for path in out.iterdir() if path.is_file() and path.name != "SHA256SUMS")
    (out / "SHA256SUMS").write_text("".join(f"{sha256(path)}  {path.name}\n" for path in files), "utf-8")
    for path in files:
        print(f"{path.stat().st_size / 1e6:8.1f} MB  {path.name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["all", "manifest", "npm", "server-json", "sums", "check"])
    parser.add_argument("--server", type=Path)
    parser.add_argument("--target", choices=list(TARGETS))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--level", type=int, default=9, help="of compression; 1 where they are made to be tried")
    given = parser.parse_args()
    needs = {"all": ["server", "target", "out"], "manifest": ["server"], "npm": ["out"], "server-json": ["out"], "sums": ["out"]}
    missing = [f"--{name}" for name in needs.get(given.what, []) if getattr(given, name) is None]
    if missing:
        parser.error(f"{given.what} needs {', '.join(missing)}")
    if given.out:
        given.out.mkdir(parents=True, exist_ok=True)
    if given.what == "all":
        print(archive(given.server, given.target, given.out, given.level))
        print(wheel.build(given.server, given.target, given.out, given.level))
        print(bundle_folder(given.server, given.target, given.out))
        print(npm_of_target(given.server, given.target, given.out))
    elif given.what == "manifest":
        manifest(str(given.server), given.check)
    elif given.what == "npm":
        print(npm_launcher(given.out))
    elif given.what == "server-json":
        print(registry.write(given.out))
    elif given.what == "sums":
        sums(given.out)
    else:
        registry.check(json.loads((FOLDER / "server.json").read_text("utf-8")))
        kept = json.loads(MANIFEST.read_text("utf-8"))
        if kept["version"] != version():
            raise SystemExit(f"packaging/mcpb/manifest.json is of {kept['version']}, the workspace of {version()}")
        print(f"server.json and manifest.json: {version()}, {registry_name()}")


if __name__ == "__main__":
    main()

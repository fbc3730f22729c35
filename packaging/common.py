"""What all packages have in common: names and version, targets, files."""

import hashlib
import json
import re
import stat
import zipfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent

# By Rust's triple: npm's os, cpu and libc, the wheel's platform, MCPB's platform. `None` where the wheel's is read off the program.
TARGETS = {
    "x86_64-unknown-linux-gnu": ("linux", "x64", "glibc", None, "linux"),
    "aarch64-unknown-linux-gnu": ("linux", "arm64", "glibc", None, "linux"),
    "x86_64-unknown-linux-musl": ("linux", "x64", "musl", "musllinux_1_2_x86_64", "linux"),
    "aarch64-unknown-linux-musl": ("linux", "arm64", "musl", "musllinux_1_2_aarch64", "linux"),
    "x86_64-apple-darwin": ("darwin", "x64", None, "macosx_10_12_x86_64", "darwin"),
    "aarch64-apple-darwin": ("darwin", "arm64", None, "macosx_11_0_arm64", "darwin"),
    "x86_64-pc-windows-msvc": ("win32", "x64", None, "win_amd64", "win32"),
}


def about():
    return json.loads((FOLDER / "about.json").read_text("utf-8"))


def version():
    """The workspace's version, which is every package's."""
    manifest = (ROOT / "Cargo.toml").read_text("utf-8")
    return re.search(r'\[workspace\.package\]\s*version = "([^"]+)"', manifest).group(1)


def paper(name):
    """One of the texts that packages have, as bytes. A package has not the rest of the repository: links into it become its address."""
    text = (ROOT / name).read_text("utf-8")
    at = lambda place: f"{about()['repository']}/{place}/main/"
    text = re.sub(r"(!\[[^\]]*\]\()(?![a-z]+:|#)", lambda found: found[1] + at("raw"), text)
    return re.sub(r"((?<!!)\[[^\]]*\]\()(?![a-z]+:|#)", lambda found: found[1] + at("blob"), text).encode()


def registry_name():
    """The server's name in registries, by its owner's account."""
    return f"io.github.{about()['owner']}/{about()['name']}"


def program_name(target):
    return "factor-mcp.exe" if "windows" in target else "factor-mcp"


def npm_package(target):
    system, cpu, libc, _, _ = TARGETS[target]
    return f"factor-mcp-{system}-{cpu}" + ("-musl" if libc == "musl" else "")


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def written(value):
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def zipped(path, files, level):
    """An archive of names, bytes and rights, the same whenever it is made."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as packed:
        for inner, data, mode in files:
            entry = zipfile.ZipInfo(inner, (2026, 1, 1, 0, 0, 0))
            entry.external_attr, entry.compress_type = (stat.S_IFREG | mode) << 16, zipfile.ZIP_DEFLATED
            packed.writestr(entry, data, compresslevel=level)
    return path

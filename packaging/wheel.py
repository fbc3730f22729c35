"""A wheel that holds the program, as maturin makes one with `bindings = "bin"`, out of a program that is built already: the
same file is then in every package, signed once."""

import base64
import hashlib
import re
from pathlib import Path

from common import ROOT, TARGETS, about, paper, program_name, registry_name, version, zipped


def platform(server, target):
    """The platforms on which the program runs: of glibc by the newest version that it asks for."""
    fixed = TARGETS[target][3]
    if fixed:
        return fixed
    asked = re.findall(rb"GLIBC_2\.(\d+)\b", Path(server).read_bytes())
    newest = max((int(minor) for minor in asked), default=17)
    return f"manylinux_2_{max(newest, 17)}_{target.split('-')[0]}"


def metadata():
    said = about()
    readme = paper("README.md").decode()
    head = {
        "Metadata-Version": "2.4", "Name": said["name"], "Version": version(), "Summary": said["description"],
        "Keywords": ",".join(said["keywords"]), "Author": said["author"], "License-Expression": said["license"],
        "License-File": "LICENSE", "Classifier": "Topic :: Office/Business :: Financial :: Investment",
        "Requires-Python": ">=3.8", "Project-URL": f"Source, {said['repository']}",
        "Description-Content-Type": "text/markdown",
    }
    # Registries look for the name of the server in the description.
    return "".join(f"{name}: {value}\n" for name, value in head.items()) + f"\n<!-- mcp-name: {registry_name()} -->\n\n{readme}"


def build(server, target, out, level):
    tag = f"py3-none-{platform(server, target)}"
    base = f"factor_mcp-{version()}"
    path = out / f"{base}-{tag}.whl"
    files = [
        (f"{base}.data/scripts/{program_name(target)}", Path(server).read_bytes(), 0o755),
        (f"{base}.dist-info/METADATA", metadata().encode(), 0o644),
        (f"{base}.dist-info/WHEEL", f"Wheel-Version: 1.0\nGenerator: factor-mcp\nRoot-Is-Purelib: false\nTag: {tag}\n".encode(), 0o644),
        (f"{base}.dist-info/licenses/LICENSE", (ROOT / "LICENSE").read_bytes(), 0o644),
    ]
    record = "".join(f"{name},sha256={digest(data)},{len(data)}\n" for name, data, _ in files)
    files.append((f"{base}.dist-info/RECORD", (record + f"{base}.dist-info/RECORD,,\n").encode(), 0o644))
    return zipped(path, files, level)


def digest(data):
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()

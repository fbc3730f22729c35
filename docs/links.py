"""Links and anchors of everything that is written in Markdown here, and the pages of the book.

A link to the repository's address is one to a file of this tree. Of other sites only that they are named in docs/commands.toml is
looked at: a check that asks them fails with their network.
"""

import re
import subprocess
import tomllib
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs/src"
REPOSITORY = re.compile(r"^https://github\.com/factor-mcp/factor-mcp/(?:blob|tree)/main/(.*)$")
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+(?:\([^()]*\)[^()\s]*)?)(?:\s+\"[^\"]*\")?\)")
INCLUDE = re.compile(r"^\{\{#include ([^}]+)\}\}$", re.MULTILINE)


def expanded(page: Path) -> str:
    """The page with what it includes, as mdBook puts it together."""
    return INCLUDE.sub(lambda found: (page.parent / found[1]).read_text("utf-8").rstrip("\n"), page.read_text("utf-8"))


def without_code(text: str) -> str:
    text = re.sub(r"^(`{3,})[^\n]*\n.*?^\1[ ]*$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"(`+)(?:(?!\1).)+\1", "", text)


def anchors(page: Path) -> set[str]:
    """As GitHub and mdBook make them of headings."""
    found: dict[str, int] = {}
    for title in re.findall(r"^#{1,6} +(.*?)#*$", re.sub(r"^(`{3,})[^\n]*\n.*?^\1[ ]*$", "", expanded(page), flags=re.MULTILINE | re.DOTALL), re.MULTILINE):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)
        slug = re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")
        found[slug] = found.get(slug, -1) + 1
    return {slug if at == 0 else f"{slug}-{at}" for slug, count in found.items() for at in range(count + 1)}


def pages_of_summary() -> list[str]:
    return re.findall(r"\]\(([^)]+\.md)\)", (PAGES / "SUMMARY.md").read_text("utf-8"))


def files() -> list[Path]:
    """What is written for people: tracked files, or, in an archive without git, all but what is built."""
    try:
        listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    except (OSError, subprocess.CalledProcessError):
        listed = [path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.md") if not {"target", "node_modules"} & set(path.parts)]
    return [ROOT / name for name in listed if name and not name.startswith("logs/") and (ROOT / name).exists()]


def follow(page: Path, link: str, sites: dict[str, bool]) -> str | None:
    """What is wrong with a link of a page, if anything is."""
    if inside := REPOSITORY.match(link):
        target, _, anchor = inside[1].partition("#")
        place = ROOT / unquote(target)
    elif urlsplit(link).scheme in ("http", "https"):
        host = urlsplit(link).hostname or ""
        if host in ("127.0.0.1", "localhost"):
            return None
        if host not in sites:
            return f"{host} is no site of docs/commands.toml"
        sites[host] = True
        return None
    elif urlsplit(link).scheme:
        return None if link.startswith("mailto:") else f"a link of an unknown kind: {link}"
    else:
        target, _, anchor = link.partition("#")
        place = (page.parent / unquote(target)).resolve() if target else page
        if PAGES in page.parents and PAGES not in place.parents:
            return f"{link} leaves the book: write the address in the repository"
    if not place.exists():
        return f"there is no {link}"
    if anchor and place.suffix == ".md" and anchor not in anchors(place):
        return f"there is no heading #{anchor} in {link.partition('#')[0] or page.name}"
    return None


def check():
    """(where, what is wrong), for every link of every file, and for the summary of the book."""
    sites = {one["host"]: False for one in tomllib.loads((ROOT / "docs/commands.toml").read_text("utf-8"))["site"]}
    for page in files():
        for link in LINK.findall(without_code(expanded(page) if PAGES in page.parents else page.read_text("utf-8"))):
            if wrong := follow(page, link, sites):
                yield page.relative_to(ROOT).as_posix(), wrong
    for host, used in sites.items():
        if not used:
            yield "docs/commands.toml", f"nothing links to {host}"
    listed = pages_of_summary()
    there = {path.relative_to(PAGES).as_posix() for path in PAGES.rglob("*.md")} - {"SUMMARY.md"}
    for page in sorted(set(listed) ^ there):
        yield "docs/src/SUMMARY.md", f"{page} is " + ("not in it" if page in there else "not there")
    for page in sorted(page for page in set(listed) if listed.count(page) > 1):
        yield "docs/src/SUMMARY.md", f"{page} is in it twice"

"""Write constraints.txt from the installed environment, or print some of its groups.

    python deploy/lock.py write                 lock what is installed now
    python deploy/lock.py print serve models    requirement lines for `pip install --no-deps -r`

The lock names every package exactly, with what it depends on, under the first group that needs it.
It carries no index addresses and no local version suffix: any build of that version will do.
PyTorch stands alone in its group, because its CPU build is found in its own way.
"""

import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "constraints.txt"
GROUPS = ("serve", "sample", "install", "models", "torch", "test")
OURS = {"tollfree", "tollfree-sdk"}
_NAME = re.compile(r"^[A-Za-z0-9._-]+")


def main() -> int:
    match sys.argv[1:]:
        case ["write"]:
            LOCK.write_text(_lock())
        case ["print", *groups] if set(groups) <= set(GROUPS):
            lines = [line for group, line in _entries() if group in groups]
            sys.stdout.write("\n".join(lines) + "\n")
        case _:
            sys.stderr.write(f"{__doc__}\nGroups: {' '.join(GROUPS)}\n")
            return 2
    return 0


def _entries() -> list[tuple[str, str]]:
    group, found = "", []
    for line in LOCK.read_text().splitlines():
        if line.startswith("# group: "):
            group = line.removeprefix("# group: ")
        elif line and not line.startswith("#"):
            found.append((group, line))
    return found


def _lock() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {"serve": project["dependencies"] + _sdk_dependencies() + ["setuptools"]}
    wanted |= project["optional-dependencies"]
    seen: dict[str, str] = {}
    for group in GROUPS:
        for requirement in wanted.get(group, []):
            _collect(requirement, group, seen)
    # Alone, so that it can be installed in its own way; what it needs stays with the models.
    seen["torch"] = "torch"
    lines = ["# The exact lock. Written by `python deploy/lock.py write`; do not edit.\n"]
    for group in GROUPS:
        lines.append(f"# group: {group}")
        lines += sorted(
            f"{name}=={metadata.version(name).partition('+')[0]}"
            for name, owner in seen.items()
            if owner == group and "[" not in name
        )
        lines.append("")
    return "\n".join(lines)


def _sdk_dependencies() -> list[str]:
    project = tomllib.loads((ROOT / "sdk/python/pyproject.toml").read_text())["project"]
    return list(project["dependencies"])


def _collect(requirement: str, group: str, seen: dict[str, str]) -> None:
    """Note `requirement` and what it needs, each under the first group that asked."""
    name = _canonical(requirement)
    asked = set(re.findall(r"[\w-]+", (re.search(r"\[(.*?)\]", requirement) or [""])[0]))
    marks = {f"{name}[{extra}]" for extra in asked} | {name}
    if name in OURS or marks <= seen.keys():
        return
    try:
        needs = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return
    for mark in marks:
        seen.setdefault(mark, group)
    for need in needs:
        if _applies(need, asked):
            _collect(need, group, seen)


def _applies(requirement: str, extras: set[str]) -> bool:
    from packaging.requirements import Requirement

    parsed = Requirement(requirement)
    if parsed.marker is None:
        return True
    return any(parsed.marker.evaluate({"extra": extra}) for extra in extras | {""})


def _canonical(requirement: str) -> str:
    found = _NAME.match(requirement.strip())
    assert found is not None
    return re.sub(r"[-_.]+", "-", found[0]).lower()


if __name__ == "__main__":
    sys.exit(main())

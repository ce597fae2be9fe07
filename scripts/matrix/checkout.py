# SPDX-License-Identifier: MIT
"""Copies the checkout into a root: HEAD and what the work tree has changed, without builds."""
import pathlib
import shutil
import subprocess

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def files():
    """The work tree's files, as git has them; without git all but builds."""
    try:
        done = subprocess.run(["git", "-c", f"safe.directory={REPOSITORY}", "ls-files", "-z", "--cached", "--others",
                               "--exclude-standard"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
        return sorted({name for name in done.stdout.split("\0") if name and (REPOSITORY / name).is_file()})
    except (OSError, subprocess.CalledProcessError):
        return [str(path.relative_to(REPOSITORY)) for path in REPOSITORY.rglob("*")
                if path.is_file() and not path.relative_to(REPOSITORY).parts[0].startswith(("build", ".git"))]


def copy(folder):
    """Makes the folder anew, with the checkout in it; others may enter it, as tests run programs as other users."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in files():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, target)

# SPDX-License-Identifier: MIT
"""The Debian packages of a checkout, built on a release."""
import column
import inside
from failure import Failure
from root import Root


def build(suite, copy, log):
    """Builds what copy puts into a folder, in the root that the tests of this release use. Returns {name: content} of the packages
    and of their index, which version 0.3 made none of."""
    root = Root(suite, "amd64")
    with root.locked():
        root.prepare(log)
        folder = root.path / column.FOLDER.lstrip("/")
        copy(folder)
        for arguments, network in ((["packages-deb", "packages-build"], "machine"), (["deb", "PACKAGES=installed"], "lo")):
            if inside.run(root.path, ["make", *arguments], log, network=network, folder=column.FOLDER)[0] != 0:
                raise Failure(f"make {' '.join(arguments)} fails on {suite}")
        built = folder / "build/deb"
        return {path.name: path.read_bytes() for pattern in ("*.deb", "Packages") for path in built.glob(pattern)
                if "-dbgsym_" not in path.name}


def put(packages, folder):
    folder.mkdir(parents=True)
    for name, content in packages.items():
        (folder / name).write_bytes(content)

# SPDX-License-Identifier: MIT
"""Compares the files that make install installs below /usr with those of the packages."""
import io
import json
import re
import subprocess
import tarfile

import column
import inside

PLAN = f"rm -rf /tmp/plan && cd {column.FOLDER} && meson setup /tmp/plan --prefix=/usr -Dtests=false -Dlibexecdir=lib >/dev/null && " \
       "meson introspect /tmp/plan --installed"
# How Debian's rules have what make install puts elsewhere. A release may keep units below /lib.
PLACES = [(r"\.bash$", ""), (r"/zsh/site-functions/", "/zsh/vendor-completions/"), (r"^/lib/", "/usr/lib/"),
          (r"/sysusers\.d/netsession\.conf$", "/sysusers.d/netsessiond.conf"), (r"(/man/.*)\.gz$", r"\1"),
          (r"/usr/share/doc/netsession/examples/netsessiond\.conf$", "/etc/netsession/netsessiond.conf")]
# What only packages have: copyright, changelogs, examples, overrides.
OF_PACKAGES = re.compile(r"/usr/share/(doc|lintian)/")


def _in_place(path):
    for pattern, other in PLACES:
        path = re.sub(pattern, other, path)
    return path


def of_make_install(root):
    """By meson, which has to be installed in the root; nothing is built."""
    plan = json.loads(inside.output(root.path, ["/bin/sh", "-c", PLAN]))
    files = set()
    for source, target in plan.items():
        folder = root.path / source.lstrip("/")
        files |= {f"{target}/{path.relative_to(folder)}" for path in folder.rglob("*")} if folder.is_dir() else {target}
    return {_in_place(path) for path in files}


def of_packages(packages):
    """Of a list of .deb files."""
    files = set()
    for package in packages:
        content = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], capture_output=True, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            files |= {_in_place(member.name.removeprefix(".")) for member in archive.getmembers() if not member.isdir()}
    return {path for path in files if not OF_PACKAGES.search(path)}


def differences(root, packages):
    """Lines that name the files which one of the two lacks."""
    by_make, packed = of_make_install(root), of_packages(packages)
    return [f"make install does not install {path}" for path in sorted(packed - by_make)] + \
           [f"no package has {path}" for path in sorted(by_make - packed)]

# SPDX-License-Identifier: MIT
"""Where a release of Debian can be fetched: the archives of this machine's own apt sources, or of $MIRRORS."""
import os
import re
import subprocess
import urllib.request

from failure import Failure

TIMEOUT_S = 30
# The settings of apt that say how an archive is reached and how old its index may be.
REACHING = re.compile(r'^Acquire::(?:https?|Check-|Retries)')


def sources(suite, updates=True):
    """Returns the lines of a sources.list for the suite; the first one names the archive for debootstrap.

    updates  with the suite's updates of security and others, where it has any
    """
    configured = _apt("apt-get", "indextargets", "--format", "$(REPO_URI)")
    archives = [*os.environ.get("MIRRORS", "").split(), *configured.split()]
    pockets = [suite] if suite == "sid" or not updates else [suite, f"{suite}-updates", f"{suite}-security"]
    found = [(pocket, _archive_of(pocket, dict.fromkeys(archives))) for pocket in pockets]
    if found[0][1] is None:
        raise Failure(f"no archive in this machine's apt sources has Debian {suite}: name one by MIRRORS=URL")
    return [f"deb {archive} {pocket} main\n" for pocket, archive in found if archive]


def settings():
    """The lines of apt.conf by which this machine reaches its archives."""
    return [f"{line}\n" for line in _apt("apt-config", "dump").splitlines() if REACHING.match(line)]


def proxy():
    """The environment in which debootstrap reaches the archives as apt does."""
    found = re.search(r'^Acquire::http::Proxy "(.+)";$', _apt("apt-config", "dump"), re.MULTILINE)
    return {"http_proxy": found[1]} if found and found[1] != "DIRECT" else {}


def _apt(*command):
    try:
        return subprocess.run(command, text=True, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failure(f"{command[0]} does not work here, and it knows the archives: {error}") from error


def _archive_of(pocket, archives):
    opener = urllib.request.build_opener(*[urllib.request.ProxyHandler({"http": uri}) for uri in proxy().values()])
    for archive in archives:
        try:
            with opener.open(f"{archive.rstrip('/')}/dists/{pocket}/InRelease", timeout=TIMEOUT_S) as release:
                if b"\nOrigin: Debian\n" in release.read(4096):
                    return archive
        except (OSError, ValueError):  # the archive does not have it, or is none that can be reached this way
            continue
    return None

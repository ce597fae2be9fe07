# SPDX-License-Identifier: MIT
"""The first inputs of each fuzz target: for TARGET the function seeds_TARGET of one of these modules."""
import hashlib

from seeds import auth, client, daemon, local, rpc, samba, smb2, srvsvc, texts

MODULES = (auth, client, daemon, local, rpc, samba, smb2, srvsvc, texts)


def write(target, folder):
    """Writes the target's seeds into the folder, each under the hash of its bytes. Returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    makers = [getattr(module, f"seeds_{target}") for module in MODULES if hasattr(module, f"seeds_{target}")]
    if len(makers) != 1:
        raise SystemExit(f"fuzz/seeds has {len(makers)} functions seeds_{target}; it must have one")
    paths = set()
    for seed in makers[0]():
        path = folder / hashlib.sha1(seed).hexdigest()
        path.write_bytes(seed)
        paths.add(path)
    return sorted(paths)

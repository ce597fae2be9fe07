#!/usr/bin/python3
"""What a domain controller says of a ticket's owner: the KERB_VALIDATION_INFO of a PAC that Samba's KDC made, and one
with all that there can be in it, packed by Samba's own code.

    record_pac.py OUTPUT_FOLDER        prints the lines for README.md, too"""
import pathlib
import sys

from record_lab import SAMBA_TEXT, Output
from samba.dcerpc import krb5pac, netlogon, samr, security
from samba.ndr import ndr_pack, ndr_unpack

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lab.ad import DomainController  # pylint: disable=wrong-import-position

LOGON_INFO = 1
DENY_ONLY = 0x10


def logon_info_of(pac):
    """The bytes of that buffer."""
    return next(bytes(b.info.remaining) for b in ndr_unpack(krb5pac.PAC_DATA_RAW, pac).buffers if b.type == LOGON_INFO)


def parts(pac):
    return next(b.info.info for b in pac.buffers if b.type == LOGON_INFO)


def membership(rid, attributes=7):
    group = samr.RidWithAttribute()
    group.rid, group.attributes = rid, attributes
    return group


def extra(sid, attributes=7):
    known = netlogon.netr_SidAttr()
    known.sid, known.attributes = security.dom_sid(sid), attributes
    return known


def fill(info):
    base = info.info3.base
    for name, text in {"account_name": "Zoë", "full_name": "Zoë of the Laboratory", "logon_script": "on.cmd",
                       "profile_path": r"\\dc1\profiles\zoe", "home_directory": r"\\fs1\zoe",
                       "home_drive": "Z:"}.items():
        string = getattr(base, name)
        string.string = text
        setattr(base, name, string)
    base.domain_sid = security.dom_sid("S-1-5-21-1-2-4294967295")
    base.rid, base.primary_gid = 1234, 513
    base.groups.rids = [membership(513), membership(1300), membership(1301, 7 | DENY_ONLY), membership(1302, 3)]
    base.groups.count = 4
    info.info3.sids = [extra("S-1-18-1"), extra("S-1-5-21-9-8-7-519"), extra("S-1-5-21-9-8-7-520", 7 | DENY_ONLY),
                       extra("S-1-5-32-544")]
    info.info3.sidcount = 4
    groups = samr.RidWithAttributeArray()
    groups.count, groups.rids = 2, [membership(2100, 0x20000007), membership(2101, 0x20000007)]
    info.resource_groups.domain_sid = security.dom_sid("S-1-5-21-5-6-7")
    info.resource_groups.groups = groups


def tell(info):
    base = info.info3.base
    yield f"account {base.account_name.string}, domain {base.logon_domain.string} = {base.domain_sid}"
    yield f"number {base.rid}, primary group {base.primary_gid}"
    yield "groups " + " ".join(f"{g.rid}:0x{g.attributes:x}" for g in base.groups.rids)
    yield "more " + " ".join(f"{s.sid}:0x{s.attributes:x}" for s in info.info3.sids)
    if info.resource_groups.domain_sid:
        yield f"resource groups of {info.resource_groups.domain_sid}: " + \
            " ".join(f"{g.rid}:0x{g.attributes:x}" for g in info.resource_groups.groups.rids)


def record(dc):
    """alice's PAC, as Samba's client gets it."""
    dc.add_user("alice")
    dc.add_group("auditors", "alice")
    saved = dc.folder / "pac"
    done = dc.run_in(["net", "ads", "kerberos", "pac", "save", f"filename={saved}", "--user=alice",
                      f"--configfile={dc.configuration}"], input=dc.password("alice") + "\n")
    if done.returncode:
        raise RuntimeError(done.stderr)
    return saved.read_bytes()


def scene_pac(out):
    with DomainController() as dc:
        raw = record(dc)
    pac = ndr_unpack(krb5pac.PAC_DATA, raw)
    out.write("samba-4.17-pac-logon-info", logon_info_of(raw),
              f"KERB_VALIDATION_INFO of a PAC that the KDC of {SAMBA_TEXT} made", *tell(parts(pac)))
    fill(parts(pac))
    everything = ndr_pack(pac)
    out.write("samba-4.17-pac-logon-info-everything", logon_info_of(everything),
              f"KERB_VALIDATION_INFO with all that there can be in it, packed by the NDR code of {SAMBA_TEXT}",
              *tell(parts(ndr_unpack(krb5pac.PAC_DATA, everything))))


if __name__ == "__main__":
    OUT = Output(sys.argv[1])
    scene_pac(OUT)
    for file, shows in sorted(OUT.index):
        print(f"| `{file}` | {shows} |")

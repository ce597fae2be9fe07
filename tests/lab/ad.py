"""A private Active Directory domain: `with DomainController() as dc: ...`

The domain controller is Samba's, in a network namespace of its own, where it has ports 445, 88, 389 and 53 to itself
and where the name dc1.lab.example resolves. Nobody outside the namespace can talk to it: what should, runs inside.

    dc.run_in(["smbclient", *dc.by_ticket, "//dc1.lab.example/sysvol", "-c", "ls"])
    command.run("list", dc.name, inside=dc.inside, env=dc.environment)

Debian packages: samba samba-ad-dc samba-ad-provision samba-common-bin winbind krb5-user iproute2.
"""
import json
import os
import subprocess

from .process import Process
from .server import Server, checked, new_password
from .wait_until import HANG_S

REALM, DOMAIN = "LAB.EXAMPLE", "LAB"

# The namespaces belong to the processes in them and have no name, so nothing is left to be cleaned up after them.
# Samba's winbind socket has a fixed place, so the folders it is in are covered by ours as well.
ENTER = """
set -e
ip link set lo up
for name in hosts resolv.conf; do mount --bind "$1/$name" "/etc/$name"; done
mkdir -p /run/samba  # which Samba makes where it runs as a service
for place in /run/samba /var/lib/samba /var/cache/samba /var/log/samba; do mount --bind "$1$place" "$place"; done
echo $$ > "$1/pid"
exec samba --foreground --no-process-group --configfile="$1/etc/smb.conf"
"""

# Keys of AES, as a computer that joins has them, and not of RC4 alone.
GIVE_AES = """
import sys
from samba import auth, param, samdb
db = samdb.SamDB(lp=param.LoadParm(sys.argv[1]), session_info=auth.system_session())
[account] = db.search(expression=f"(sAMAccountName={sys.argv[2]})", attrs=[])
db.modify_ldif(f"dn: {account.dn}\\nchangetype: modify\\nadd: msDS-SupportedEncryptionTypes\\n"
               "msDS-SupportedEncryptionTypes: 24\\n")
"""

ADD_COMPUTERS = """
import json, sys
from samba import auth, param, samdb
db = samdb.SamDB(lp=param.LoadParm(sys.argv[1]), session_info=auth.system_session())
for name, attributes in json.load(sys.stdin).items():
    db.add({"dn": f"CN={name},CN=Computers,{db.domain_dn()}", "objectClass": "computer", "sAMAccountName": f"{name}$",
            **attributes}, controls=["relax:0"])
"""

# What people log on with instead of account@REALM, often their mail address.
SET_PRINCIPAL_NAME = """
import sys
from samba import auth, param, samdb
db = samdb.SamDB(lp=param.LoadParm(sys.argv[1]), session_info=auth.system_session())
[account] = db.search(expression=f"(sAMAccountName={sys.argv[2]})", attrs=[])
db.modify_ldif(f"dn: {account.dn}\\nchangetype: modify\\nreplace: userPrincipalName\\n"
               f"userPrincipalName: {sys.argv[3]}\\n")
"""

KRB5_CONF = f"""\
[libdefaults]
    default_realm = {REALM}
    dns_lookup_realm = false
    dns_lookup_kdc = false
    dns_canonicalize_hostname = false
    rdns = false
[realms]
    {REALM} = {{
        kdc = 127.0.0.1:88
        admin_server = 127.0.0.1
    }}
[domain_realm]
    .{REALM.lower()} = {REALM}
"""


def ticket_cache_credentials(cache):
    """The credentials in a cache of the type FILE, without what is before them: MIT's file format, version 4."""
    at = 4 + int.from_bytes(cache[2:4], "big")
    components = int.from_bytes(cache[at + 4:at + 8], "big")
    at += 8
    for _ in range(1 + components):
        at += 4 + int.from_bytes(cache[at:at + 4], "big")
    return cache[at:]


class DomainController(Server):
    """The only domain controller of LAB.EXAMPLE (NetBIOS: LAB), with tickets for Administrator in hand."""

    name, host, port = f"dc1.{REALM.lower()}", "127.0.0.1", 445
    realm, domain, administrator = REALM, DOMAIN, "Administrator"
    log = "var/log/samba"

    def __init__(self, options=None):
        """options  lines for smb.conf's [global], e.g. {"ntlm auth": "disabled"}"""
        super().__init__([self.administrator])
        self._options = dict(options or {})

    @property
    def inside(self):
        """What to put before a command line so that it runs inside, in the same folder as here."""
        pid = (self.folder / "pid").read_text().strip()
        return ["nsenter", f"--target={pid}", "--net", "--mount", f"--wdns={os.getcwd()}", "--"]

    @property
    def network(self):
        """The path of its network namespace."""
        return f"/proc/{(self.folder / 'pid').read_text().strip()}/ns/net"

    @property
    def environment(self):
        """The Kerberos of the lab, with the tickets of whoever did kinit() last."""
        return {"KRB5_CONFIG": str(self.folder / "krb5.conf"), "KRB5CCNAME": self._tickets}

    @property
    def by_ticket(self):
        """The options with which Samba's client programs log on by those tickets. Programs of Samba 4.20 and later
        do not look at KRB5CCNAME."""
        return ["--use-kerberos=required", f"--use-krb5-ccache={self._tickets}"]

    @property
    def _tickets(self):
        return f"FILE:{self.folder}/tickets"

    def run_in(self, command, **options):
        """Runs a command inside to its end. options are subprocess.run's; output is captured as text."""
        options = {"text": True, "capture_output": True, "check": False, "timeout": HANG_S, "input": ""} | options
        return subprocess.run([*self.inside, *map(str, command)], env=os.environ | self.environment, **options)

    def kinit(self, user, *arguments):
        """Gets tickets for the user, instead of those there were. arguments are kinit's: "-l", "2s"."""
        checked(self.run_in(["kinit", *arguments, f"{user}@{REALM}"], input=self.password(user)))

    def kinit_with_short_ticket(self, user, service, lifetime_s):
        """As kinit; beside the TGT there is a ticket for the service, "cifs/fs1.lab.example", that ends soon. A TGT that
        ends soon is of no use: Samba's KDC takes it for one that may only change the password."""
        self.kinit(user, "-l", f"{lifetime_s}s", "-S", service)
        short = ticket_cache_credentials((self.folder / "tickets").read_bytes())
        self.kinit(user)
        with open(self.folder / "tickets", "ab") as cache:
            cache.write(short)

    def add_user(self, user):
        """Makes an ordinary user of the domain, with a password of its own."""
        self._passwords[user] = new_password()
        self._tool("user", "create", user, input=f"{self._passwords[user]}\n" * 2)

    def set_principal_name(self, user, name):
        """Gives the user a user principal name; its suffix need not be the realm."""
        checked(self.run_in(["/usr/bin/python3", "-c", SET_PRINCIPAL_NAME, self.configuration, user, name]))

    def add_group(self, group, *members):
        """Makes a group of the domain with these members. Returns its SID."""
        self._tool("group", "add", group)
        self.add_member(group, *members)
        return self.sid_of("group", group)

    def add_member(self, group, *members):
        self._tool("group", "addmembers", group, ",".join(members))

    def sid_of(self, kind, name):
        """kind  user or group"""
        shown = self._tool(kind, "show", name, "--attributes=objectSid")
        return next(line.split()[1] for line in shown.splitlines() if line.startswith("objectSid:"))

    def add_server(self, name, services=("cifs",)):
        """Makes the account of a file server NAME.lab.example, another name of the namespace's loopback. Returns
        the path of its keytab, for root alone. RPC asks for tickets of its service "host"."""
        host, keytab = f"{name}.{REALM.lower()}", self.folder / f"{name}.keytab"
        self._tool("user", "create", name, "--random-password")
        for service in services:
            self._tool("spn", "add", f"{service}/{host}", name)
        checked(self.run_in(["/usr/bin/python3", "-c", GIVE_AES, self.configuration, name]))
        for service in services:
            self._tool("domain", "exportkeytab", keytab, f"--principal={service}/{host}")
        with open(self.folder / "hosts", "a", encoding="ascii") as hosts:
            hosts.write(f"127.0.0.1 {host}\n")
        return keytab

    def serve_directory(self):
        """Lets clients log on to LDAP by tickets. What would register the name does not run here."""
        self._tool("spn", "add", f"ldap/{self.name}", "DC1$")

    def add_computers(self, computers):
        """Makes accounts of computers that do not exist: {name: {attribute: text}}."""
        checked(self.run_in(["/usr/bin/python3", "-c", ADD_COMPUTERS, self.configuration], input=json.dumps(computers)))

    def _tool(self, *arguments, **options):
        return checked(self.run_in(["samba-tool", *arguments, f"--configfile={self.configuration}"], **options))

    @property
    def configuration(self):
        return self.folder / "etc" / "smb.conf"

    def _start(self):
        self._provision()
        self._write_what_the_namespace_shows()
        self._process = Process(["unshare", "--net", "--mount", "sh", "-c", ENTER, "sh", self.folder],
                                self.folder / self.log / "output")
        list_sysvol = ["smbclient", *self.by_ticket, f"//{self.name}/sysvol", "-c", "ls"]
        self._wait_for(lambda: self.kinit(self.administrator), lambda: checked(self.run_in(list_sysvol)))

    def _provision(self):
        (self.folder / "empty.conf").touch()  # the machine's own smb.conf would be copied from
        checked(subprocess.run(
            ["samba-tool", "domain", "provision", f"--configfile={self.folder}/empty.conf",
             f"--targetdir={self.folder}", f"--realm={REALM}", f"--domain={DOMAIN}", "--server-role=dc",
             f"--adminpass={self.password(self.administrator)}", "--dns-backend=SAMBA_INTERNAL", "--host-name=dc1",
             "--host-ip=127.0.0.1", "--option=interfaces=lo", "--option=bind interfaces only=yes",
             "--option=vfs objects=dfs_samba4 acl_xattr xattr_tdb", "--option=server services=-dnsupdate"],
            text=True, capture_output=True, check=False))
        written = self.configuration.read_text()
        own = "".join(f"\t{name} = {value}\n" for name, value in self._options.items())
        self.configuration.write_text(written.replace("[global]\n", f"[global]\n{own}", 1))

    def _write_what_the_namespace_shows(self):
        for place in ("run/samba", "var/lib/samba", "var/cache/samba"):
            (self.folder / place).mkdir(parents=True)
        (self.folder / "hosts").write_text(f"127.0.0.1 {self.name} dc1\n127.0.0.1 localhost\n::1 localhost\n")
        (self.folder / "resolv.conf").write_text(f"nameserver 127.0.0.1\nsearch {REALM.lower()}\n")
        (self.folder / "krb5.conf").write_text(KRB5_CONF)

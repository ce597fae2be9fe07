/* SPDX-License-Identifier: MIT */
#include "log_on_manual.h"

#include <stddef.h>

const struct cli_item log_on_manual_items[] = {
	{ "`the clocks differ too much` (1398)",
	  "Kerberos allows 5 minutes (`clockskew` in krb5.conf). The message shows both clocks, as in\n"
	  "`this computer's clock is 2 days ahead of the server's (2026-12-02 14:21:33 UTC here,\n"
	  "2026-11-30 14:21:33 UTC there)`. If they agree, that of the domain controller is the one\n"
	  "that differs. NTLM allows more, and a password that Windows refuses may be a matter of\n"
	  "clocks that differ by more than 30 minutes: then the message shows them, too." },
	{ "`the Kerberos ticket has expired` (1312)",
	  "The message names the ticket and its end, as in `that of alice@LAB.EXAMPLE in\n"
	  "\"FILE:/tmp/krb5cc_1000\" was valid until 2026-11-30 23:58:06 UTC`. Run kinit." },
	{ "`no Kerberos ticket in the credential cache \"KCM:\" (type KCM): no KCM service answers`",
	  "The cache is the one of `KRB5CCNAME`, or of `default_ccache_name` in krb5.conf. It cannot be\n"
	  "used, it belongs to another user, it is damaged, or its type does not exist on this\n"
	  "computer: set `KRB5CCNAME=FILE:/tmp/krb5cc_1000`, for example, and run kinit. If the cache\n"
	  "`does not exist, or is empty`, kinit alone is enough. sssd-kcm is the usual KCM service." },
	{ "`krb5.conf names no default realm` (1311), `krb5.conf is malformed` (1610)",
	  "Write `default_realm = LAB.EXAMPLE` in the section `[libdefaults]` of /etc/krb5.conf, or\n"
	  "name the realm: `--as alice@LAB.EXAMPLE`, or `domain = LAB.EXAMPLE` in the credentials\n"
	  "file." },
	{ "`no KDC of the realm can be found`, `can be reached` (1311)",
	  "Name the KDC in krb5.conf (`kdc = dc1.lab.example`), or let DNS name it; then check the\n"
	  "route to its port 88. `the server finds no domain controller`, with\n"
	  "`STATUS_NO_LOGON_SERVERS`, is about the server instead: see its log." },
	{ "`the domain has no ticket for a server of that name` (1396)",
	  "Use the name that the server has in its domain, such as `fs1.lab.example`: Kerberos has no\n"
	  "tickets for addresses and for other names." },
	{ "`the server does not accept the Kerberos ticket that the domain has issued for it` (1326)",
	  "User and password are right. The keytab of the server has an old key, the key of another\n"
	  "server, or no key of the ticket's encryption type. The log of the server says which\n"
	  "(the audit log of netsessiond: `kvno 3 not found in keytab`). Renew the keytab, and run\n"
	  "kinit for new tickets." },
	{ "`the domain refuses the password`, `the domain knows no such user` (1326)",
	  "A KDC has said so. Without these words 1326 is the server's answer to NTLM: check user,\n"
	  "domain and password." },
	{ "`the account is disabled` (1331), `locked` (1909), `has expired` (1793)",
	  "By Kerberos these are one error, 1327. Have the account enabled, unlocked or prolonged by an\n"
	  "administrator of the domain, or use another one." },
	{ "`the password has expired` (1330), `must be changed first` (1907)",
	  "Change it: `kpasswd alice@LAB.EXAMPLE`, or `smbpasswd -r fs1 -U alice`." },
	{ "`log-on refused` (1327), at this hour (1328), from this computer (1329)",
	  "A member of the group Protected Users cannot use NTLM: run kinit, or give the realm as the\n"
	  "domain of the password. The list of computers of an account counts for NTLM, its log-on\n"
	  "hours count for both." },
	{ "`the server does not accept NTLM` (1937)",
	  "Use Kerberos: run kinit, or give the realm as the domain of the password (`domain =\n"
	  "LAB.EXAMPLE`). `Kerberos was not possible before: ...` says why it was not used." },
	{ "`the server's NTLM challenge does not grant NTLMSSP_NEGOTIATE_SIGN` (50)",
	  "The server, or a device that answers for it, is not set up as Windows and Samba are by\n"
	  "default, and nothing could prove that the log-on was not changed on its way. The same with\n"
	  "`NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY`, which Samba withholds if smb.conf has\n"
	  "`ntlmssp_server:ntlm2 = no`, and with `NTLMSSP_NEGOTIATE_UNICODE`, the encoding of names.\n"
	  "`--kerberos` needs none of them, and `--no-pass` only the encoding." },
	{ "`a null session has no key to encrypt with` (50)",
	  "`--no-pass` is never signed nor encrypted: leave out `--encrypt`, or log on as a user where\n"
	  "the server requires encryption." },
	{ "`access denied` (5) at SESSION_SETUP",
	  "The server refuses this kind of log-on, whatever the rights of the user: it requires\n"
	  "encryption and has no SMB 3, or it wants to be called by its own name (on Windows the\n"
	  "policy for the SPN target name)." },
	{ "`access denied` (5) at a level",
	  "The log-on was good, and the user may not list sessions. Windows lets its administrators\n"
	  "and server operators; over the network it takes these rights from local accounts, except\n"
	  "`Administrator`, unless LocalAccountTokenFilterPolicy is 1: use an account of the domain.\n"
	  "Samba without winbind denies even root, unless `net groupmap addmem S-1-5-32-544 SID` has\n"
	  "made it an administrator." },
	{ "`libkrb5 does not provide RC4-HMAC` (50)",
	  "This computer forbids RC4, or is in FIPS mode: use Kerberos." },
	{ "`which is longer than 63 bytes` (50)",
	  "gss-ntlmssp cannot use the host name of this computer: give it a shorter one by\n"
	  "hostnamectl, or use Kerberos." },
	{ NULL, NULL },
};

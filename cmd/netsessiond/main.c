/* SPDX-License-Identifier: MIT */
/* netsessiond: the sessions of this computer, served the Windows way. */
#include "daemon/command_line.h"

int main(int argc, char **argv)
{
	return daemon_main(argc, argv);
}

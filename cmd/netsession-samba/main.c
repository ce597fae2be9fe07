/* SPDX-License-Identifier: MIT */
/* netsession-samba: completes a Samba server. */
#include "samba/setup/commands.h"

int main(int argc, char **argv)
{
	return setup_main(argc, argv);
}

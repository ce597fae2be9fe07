/* SPDX-License-Identifier: MIT */
/* netsession-samba: completes a Samba server. */
#include "samba/setup/command_line.h"

int main(int argc, char **argv)
{
	return samba_main(argc, argv);
}

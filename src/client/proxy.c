/* SPDX-License-Identifier: MIT */
#include "client/proxy.h"

#include <string.h>
#include <winerror.h>
#include "base/ascii.h"
#include "net/socks.h"

#define SOCKS_PORT 1080 /* RFC 1928 3 */

bool proxy_parse(const char *text, struct server_name *to, struct err *err)
{
	static const char *const schemes[] = { "socks5://", "socks5h://" };
	struct err why = { 0 };

	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		if (!ascii_begins_nocase(text, schemes[i]) ||
		    !server_name_parse(text + strlen(schemes[i]), to, &why) ||
		    to->address[0] != '\0')
			continue;
		if (to->port == 0)
			to->port = SOCKS_PORT;
		return true;
	}
	err_set(err, ERROR_INVALID_PARAMETER, NET_SOCKS_STEP,
	        "the proxy has to be socks5://host:port, without a user");
	return false;
}

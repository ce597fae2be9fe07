/* SPDX-License-Identifier: MIT */
/* TREE_CONNECT and TREE_DISCONNECT: 3.3.5.7, 3.3.5.8. There is one share, IPC$. */
#include "smb2_server/internal.h"

#include <string.h>
#include "base/text.h"
#include "smb2/header.h"
#include "smb2/tree.h"

#define SHARE "IPC$"

/* What stands behind \\server\; NULL: it is not of that form. */
static const char *tree_path_share(const char *path)
{
	const char *share;

	if (strncmp(path, "\\\\", 2) != 0)
		return NULL;
	share = strchr(path + 2, '\\');
	return share != NULL && share > path + 2 && strchr(share + 1, '\\') == NULL ? share + 1
	                                                                            : NULL;
}

uint32_t request_handle_tree_connect(struct smb2_server *c, struct request *r)
{
	const struct smb2_tree_connect_response response = {
		.share_type = SMB2_SHARE_TYPE_PIPE,
		.maximal_access = MAXIMAL_ACCESS,
	};
	struct smb2_tree_connect_request asked;
	const char *share;
	struct tree *t;

	smb2_tree_connect_request_decode(&r->message, &asked);
	share = r->message.error == NULL ? tree_path_share(asked.path) : NULL;
	if (share == NULL)
		return STATUS_INVALID_PARAMETER;
	if (!text_equal_nocase(share, SHARE))
		return STATUS_BAD_NETWORK_NAME;
	t = smb2_session_add_tree(r->session);
	if (t == NULL)
		return STATUS_INSUFFICIENT_RESOURCES;
	r->header.tree_id = t->id;
	smb2_tree_connect_response_encode(&c->out, &response);
	return STATUS_SUCCESS;
}

uint32_t request_handle_tree_disconnect(struct smb2_server *c, struct request *r)
{
	smb2_empty_body_decode(&r->message);
	if (r->message.error != NULL)
		return STATUS_INVALID_PARAMETER;
	smb2_session_remove_tree(c, r->session, r->tree);
	smb2_empty_body_encode(&c->out);
	return STATUS_SUCCESS;
}

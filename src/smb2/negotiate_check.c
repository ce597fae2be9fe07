/* SPDX-License-Identifier: MIT */
#include "smb2/negotiate_check.h"

static bool smb2_negotiate_lists(const uint16_t list[], size_t count, uint16_t what)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == what)
			return true;
	return false;
}

static void smb2_negotiate_check_dialect(const struct smb2_negotiate_request *request,
                                         uint16_t dialect, const char *step, struct err *err)
{
	const char *name = smb2_dialect_name(dialect);

	if (request->only_dialect != 0 ? dialect == request->only_dialect : name != NULL)
		return;
	if (name != NULL)
		err_format(err, ERROR_BAD_NET_RESP, step,
		           "the server chose dialect %s, which was not offered", name);
	else
		err_format(err, ERROR_BAD_NET_RESP, step,
		           "the server chose dialect 0x%04X, which was not offered",
		           (unsigned)dialect);
}

static void smb2_negotiate_check_size(const char *name, uint32_t bytes, const char *step,
                                      struct err *err)
{
	if (bytes < SMB2_LEAST_MAX_BYTES)
		err_format(
			err, ERROR_BAD_NET_RESP, step,
			"the server announces a %s of %u bytes; [MS-SMB2] demands 65536, and netsession needs %u",
			name, (unsigned)bytes, (unsigned)SMB2_LEAST_MAX_BYTES);
}

NET_API_STATUS smb2_negotiate_response_check(const struct smb2_negotiate_request *request,
                                             const struct smb2_negotiate_response *response,
                                             const char *step, struct err *err)
{
	smb2_negotiate_check_dialect(request, response->dialect, step, err);
	smb2_negotiate_check_size("MaxTransactSize", response->max_transact_bytes, step, err);
	smb2_negotiate_check_size("MaxReadSize", response->max_read_bytes, step, err);
	smb2_negotiate_check_size("MaxWriteSize", response->max_write_bytes, step, err);
	if (response->cipher != SMB2_CIPHER_NONE &&
	    !smb2_negotiate_lists(smb2_ciphers, SMB2_CIPHER_COUNT, response->cipher))
		err_format(err, ERROR_BAD_NET_RESP, step,
		           "the server chose cipher 0x%04X, which was not offered",
		           (unsigned)response->cipher);
	if (response->has_signing_algorithm &&
	    !smb2_negotiate_lists(smb2_signing_algorithms, SMB2_SIGNING_ALGORITHM_COUNT,
	                          response->signing_algorithm))
		err_format(err, ERROR_BAD_NET_RESP, step,
		           "the server chose signing algorithm 0x%04X, which was not offered",
		           (unsigned)response->signing_algorithm);
	if (response->chose_unoffered)
		err_set(err, ERROR_BAD_NET_RESP, step,
		        "the server chose compression or an RDMA transform, which were not offered");
	return err->status;
}

bool smb2_negotiate_has_full_sizes(const struct smb2_negotiate_response *response)
{
	return response->max_transact_bytes >= SMB2_MAX_PAYLOAD_BYTES &&
	       response->max_read_bytes >= SMB2_MAX_PAYLOAD_BYTES &&
	       response->max_write_bytes >= SMB2_MAX_PAYLOAD_BYTES;
}

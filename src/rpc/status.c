/* SPDX-License-Identifier: MIT */
#include "rpc/status.h"

#include <stddef.h>
#include <lmerr.h>

struct rpc_refusal_code {
	uint32_t code;
	struct rpc_refusal refusal;
};

/* clang-format off */
static const struct rpc_refusal_code faults[] = {
	{ 0x1C010001, { RPC_S_COMM_FAILURE, "nca_s_comm_failure" } },
	{ 0x1C010002, { RPC_S_PROCNUM_OUT_OF_RANGE, "nca_op_rng_error: no such operation" } },
	{ 0x1C010003, { RPC_S_UNKNOWN_IF, "nca_unk_if: no such interface" } },
	{ 0x1C010009, { RPC_S_CALL_FAILED, "nca_s_you_crashed" } },
	{ 0x1C01000B, { RPC_S_PROTOCOL_ERROR, "nca_proto_error" } },
	{ 0x1C010013, { ERROR_NOT_ENOUGH_SERVER_MEMORY, "nca_out_args_too_big" } },
	{ 0x1C010014, { RPC_S_SERVER_TOO_BUSY, "nca_server_too_busy" } },
	{ 0x1C010017, { RPC_S_UNSUPPORTED_TYPE, "nca_unsupported_type" } },
	{ 0x1C000002, { RPC_S_ADDRESS_ERROR, "nca_s_fault_addr_error" } },
	{ 0x1C000006, { RPC_S_INVALID_TAG, "nca_s_fault_invalid_tag" } },
	{ 0x1C000007, { RPC_S_INVALID_BOUND, "nca_s_fault_invalid_bound" } },
	{ 0x1C000008, { RPC_S_PROTOCOL_ERROR, "nca_rpc_version_mismatch" } },
	{ 0x1C000009, { RPC_S_CALL_FAILED, "nca_unspec_reject" } },
	{ 0x1C00000D, { RPC_S_CALL_CANCELLED, "nca_s_fault_cancel" } },
	{ 0x1C000012, { RPC_S_CALL_FAILED, "nca_s_fault_unspec" } },
	{ 0x1C00001A, { ERROR_INVALID_HANDLE, "nca_s_fault_context_mismatch" } },
	{ 0x1C00001B, { ERROR_NOT_ENOUGH_SERVER_MEMORY, "nca_s_fault_remote_no_memory" } },
	{ 0x1C00001C, { RPC_S_PROTOCOL_ERROR, "nca_invalid_pres_context_id" } },
	{ 0x1C00001D, { RPC_S_UNSUPPORTED_AUTHN_LEVEL, "nca_unsupported_authn_level" } },
	{ 0x1C00001F, { RPC_S_CALL_FAILED_DNE, "nca_invalid_checksum" } },
	{ 0x1C000020, { RPC_S_CALL_FAILED_DNE, "nca_invalid_crc" } },
	/* Sent as they are by Windows and Samba. */
	{ ERROR_ACCESS_DENIED, { ERROR_ACCESS_DENIED, "the RPC service denied access" } },
	{ RPC_X_BAD_STUB_DATA, { RPC_X_BAD_STUB_DATA, "the server found the request malformed" } },
};

static const struct rpc_refusal_code nak_reasons[] = {
	{ 0, { RPC_S_CALL_FAILED_DNE, "the RPC service refused to bind without a reason" } },
	{ 1, { RPC_S_SERVER_TOO_BUSY, "temporary_congestion" } },
	{ 2, { RPC_S_SERVER_TOO_BUSY, "local_limit_exceeded" } },
	{ 4, { RPC_S_PROTOCOL_ERROR, "protocol_version_not_supported" } },
	{ 8, { RPC_S_UNKNOWN_AUTHN_SERVICE, "authentication_type_not_recognized" } },
	{ 9, { ERROR_ACCESS_DENIED, "invalid_checksum" } },
};

static const struct rpc_refusal_code rejections[] = {
	{ 0, { RPC_S_CALL_FAILED_DNE, "the RPC service refused the interface without a reason" } },
	{ 1, { RPC_S_UNKNOWN_IF, "abstract_syntax_not_supported: no srvsvc service behind the pipe" } },
	{ 2, { RPC_S_UNSUPPORTED_TRANS_SYN, "proposed_transfer_syntaxes_not_supported" } },
	{ 3, { RPC_S_SERVER_TOO_BUSY, "local_limit_exceeded" } },
};

/* clang-format on */

static struct rpc_refusal rpc_refusal_find(const struct rpc_refusal_code codes[], size_t count,
                                           uint32_t code, struct rpc_refusal otherwise)
{
	for (size_t i = 0; i < count; i++)
		if (codes[i].code == code)
			return codes[i].refusal;
	return otherwise;
}

#define FIND(codes, code, ...)                                         \
	rpc_refusal_find(codes, sizeof(codes) / sizeof *(codes), code, \
	                 (struct rpc_refusal)__VA_ARGS__)

struct rpc_refusal rpc_fault_refusal(uint32_t fault_status)
{
	/* "Not mapped" means that the caller sees the fault's own number; never success. */
	return FIND(faults, fault_status,
	            { fault_status != 0 ? fault_status : RPC_S_CALL_FAILED,
	              "the RPC service broke off the call" });
}

struct rpc_refusal rpc_bind_nak_refusal(uint16_t reason)
{
	return FIND(nak_reasons, reason,
	            { RPC_S_CALL_FAILED_DNE, "the RPC service refused to bind" });
}

struct rpc_refusal rpc_rejection_refusal(uint16_t reason)
{
	return FIND(rejections, reason,
	            { RPC_S_UNKNOWN_IF, "the RPC service refused the interface" });
}

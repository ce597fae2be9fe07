/* SPDX-License-Identifier: MIT */
#include "rpc/management.h"

#include <stdatomic.h>
#include <winerror.h>
#include "rpc/call.h"

static atomic_uint_least32_t counted[RPC_STATISTICS];

void rpc_management_count(enum rpc_statistic which)
{
	atomic_fetch_add(&counted[which], 1);
}

/* In these stubs every value but a name takes 4 bytes, so all are aligned. */

/* [out] rpc_if_id_vector_p_t *if_id_vector, [out] error_status_t *status */
static void rpc_management_inq_if_ids(const struct rpc_endpoint *e, struct wire_reader *stub,
                                      struct wire_writer *w)
{
	uint32_t count = (uint32_t)e->interface_count + 1, referent = 0x00020000;

	(void)stub;
	wire_put_u32le(w, referent);
	wire_put_u32le(w, count); /* the array's size stands before its struct: C706 14.3.7.1 */
	wire_put_u32le(w, count);
	for (uint32_t i = 0; i < count; i++)
		wire_put_u32le(w, referent += 4);
	for (size_t i = 0; i < e->interface_count; i++)
		rpc_syntax_encode(w, &e->interfaces[i]->syntax);
	rpc_syntax_encode(w, &rpc_management.syntax);
	wire_put_u32le(w, NO_ERROR);
}

/* [in, out] StatisticsCount *count, [out, size_is(*count)] unsigned long statistics[],
 * [out] error_status_t *status */
static void rpc_management_inq_stats(const struct rpc_endpoint *e, struct wire_reader *stub,
                                     struct wire_writer *w)
{
	uint32_t count = wire_get_u32(stub);

	(void)e;
	if (count > 50) /* [MS-RPCE] 2.2.1.3.2 */
		wire_reader_fail(stub, "more than 50 statistics requested");
	if (count > RPC_STATISTICS)
		count = RPC_STATISTICS;
	wire_put_u32le(w, count);
	wire_put_u32le(w, count);
	for (uint32_t i = 0; i < count; i++)
		wire_put_u32le(w, (uint32_t)atomic_load(&counted[i]));
	wire_put_u32le(w, NO_ERROR);
}

/* [out] error_status_t *status; boolean32 */
static void rpc_management_is_server_listening(const struct rpc_endpoint *e,
                                               struct wire_reader *stub, struct wire_writer *w)
{
	(void)e;
	(void)stub;
	wire_put_u32le(w, NO_ERROR);
	wire_put_u32le(w, 1);
}

/* [out] error_status_t *status */
static void rpc_management_stop_server_listening(const struct rpc_endpoint *e,
                                                 struct wire_reader *stub, struct wire_writer *w)
{
	(void)e;
	(void)stub;
	wire_put_u32le(w, ERROR_ACCESS_DENIED);
}

/* [in] unsigned long authn_proto, [in, range(0, 4096)] unsigned long princ_name_size,
 * [out, string, size_is(princ_name_size)] char princ_name[], [out] error_status_t *status */
static void rpc_management_inq_princ_name(const struct rpc_endpoint *e, struct wire_reader *stub,
                                          struct wire_writer *w)
{
	uint32_t size;

	(void)e;
	(void)wire_get_u32(stub); /* authn_proto: no principal name is known for any */
	size = wire_get_u32(stub);
	if (size > 4096) /* [MS-RPCE] 2.2.1.3.4 */
		wire_reader_fail(stub, "a principal name of more than 4096 bytes requested");
	wire_put_u32le(w, size);
	wire_put_u32le(w, 0);
	wire_put_u32le(w, size > 0 ? 1 : 0); /* "" */
	wire_put_zeros(w, size > 0 ? 4 : 0);
	wire_put_u32le(w, RPC_S_UNKNOWN_AUTHN_SERVICE);
}

uint32_t rpc_management_call(const struct rpc_endpoint *endpoint, uint16_t opnum,
                             struct wire_reader *stub, struct wire_writer *answer)
{
	static void (*const operations[])(const struct rpc_endpoint *, struct wire_reader *,
	                                  struct wire_writer *) = {
		rpc_management_inq_if_ids,          rpc_management_inq_stats,
		rpc_management_is_server_listening, rpc_management_stop_server_listening,
		rpc_management_inq_princ_name,
	};

	if (opnum >= sizeof operations / sizeof *operations)
		return RPC_FAULT_OP_RNG_ERROR;
	operations[opnum](endpoint, stub, answer);
	return stub->error == NULL ? 0 : RPC_FAULT_BAD_STUB_DATA;
}

/* afa8bd80-7d8a-11c9-bef4-08002b102989, version 1.0 */
const struct rpc_interface rpc_management = {
	.syntax = { { 0xafa8bd80,
	              0x7d8a,
	              0x11c9,
	              { 0xbe, 0xf4, 0x08, 0x00, 0x2b, 0x10, 0x29, 0x89 } },
	            1,
	            0 },
};

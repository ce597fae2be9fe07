/* SPDX-License-Identifier: MIT */
/* Inside the SMB endpoint: how long a log-on by SMB or by RPC is good. It ends with its Kerberos
 * ticket ([auth] sessions_end_with_ticket), and at a reload after which it would not succeed
 * ([auth] sessions_end_with_account). */
#ifndef DAEMON_SMB_LOG_ON_H
#define DAEMON_SMB_LOG_ON_H

#include "daemon/smb_connections.h"

struct smb_log_on {
	enum auth_mechanism mechanism;
	int64_t ends_ms; /* when the ticket ends; SMB_LOG_ON_HAS_NO_END: never */
};

#define SMB_LOG_ON_HAS_NO_END INT64_MAX

/* The log-on that acceptor has completed just now. */
struct smb_log_on smb_log_on_of(const struct smb_connections *all,
                                const struct auth_acceptor *acceptor);

/* When the log-on ends because of its ticket; SMB_LOG_ON_HAS_NO_END: never. */
int64_t smb_log_on_end_ms(const struct smb_connections *all, const struct smb_log_on *log_on);

/* Whether the log-on of who, which former settings have accepted, is good under the present ones.
 */
bool smb_log_on_is_kept(const struct smb_connections *all, const struct smb_log_on *log_on,
                        const struct auth_acceptor_settings *former, const struct identity *who);

/* The result of a step, as an NTSTATUS: a log-on that has begun before a reload and is complete
 * after it counts only where the present settings accept it. */
uint32_t smb_log_on_judge_step(const struct smb_connections *all,
                               const struct auth_acceptor *acceptor,
                               const struct smb2_server_authentication *result);

#endif

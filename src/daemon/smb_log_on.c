/* SPDX-License-Identifier: MIT */
#include "daemon/smb_log_on.h"

#include "smb2/status.h"

struct smb_log_on smb_log_on_of(const struct smb_connections *all,
                                const struct auth_acceptor *acceptor)
{
	uint32_t lifetime_s = auth_acceptor_lifetime_s(acceptor);
	struct smb_log_on log_on = { .mechanism = auth_acceptor_mechanism_of(acceptor),
		                     .ends_ms = SMB_LOG_ON_HAS_NO_END };

	if (lifetime_s != AUTH_NO_END)
		log_on.ends_ms = all->service->now_ms(all->service->context) +
		                 (int64_t)lifetime_s * 1000;
	return log_on;
}

int64_t smb_log_on_end_ms(const struct smb_connections *all, const struct smb_log_on *log_on)
{
	return all->sessions_end_with_ticket ? log_on->ends_ms : SMB_LOG_ON_HAS_NO_END;
}

bool smb_log_on_is_kept(const struct smb_connections *all, const struct smb_log_on *log_on,
                        const struct auth_acceptor_settings *former, const struct identity *who)
{
	return !all->sessions_end_with_account || former == all->acceptor_settings ||
	       auth_acceptor_settings_keep(all->acceptor_settings, former, log_on->mechanism, who);
}

uint32_t smb_log_on_judge_step(const struct smb_connections *all,
                               const struct auth_acceptor *acceptor,
                               const struct smb2_server_authentication *result)
{
	const struct smb_log_on log_on = smb_log_on_of(all, acceptor);

	if (result->nt != STATUS_SUCCESS ||
	    smb_log_on_is_kept(all, &log_on, auth_acceptor_settings_of(acceptor), result->identity))
		return result->nt;
	return STATUS_LOGON_FAILURE;
}

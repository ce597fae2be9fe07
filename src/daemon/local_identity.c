/* SPDX-License-Identifier: MIT */
#include "daemon/local_identity.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "net/work.h"

/* Room for what NSS finds: doubled until it suffices, up to MAX_ROOM_BYTES. */
#define FIRST_ROOM_BYTES 1024
#define MAX_ROOM_BYTES   (1 << 20)
#define MAX_GROUPS       65536 /* NGROUPS_MAX of Linux */

static bool local_identity_lacks_resources(int error)
{
	return error == ENOMEM || error == EMFILE || error == ENFILE;
}

enum user_look_up { USER_FOUND, USER_UNKNOWN, USER_NO_RESOURCES };

/* Finds the user of this name, or where name is NULL, with this uid. The texts of *user lie in
 * *room, which the caller frees in any case. */
static enum user_look_up local_identity_look_up(const char *name, uid_t uid, struct passwd *user,
                                                char **room)
{
	struct passwd *found = NULL;
	int error = ERANGE;

	*room = NULL;
	for (size_t bytes = FIRST_ROOM_BYTES; error == ERANGE && bytes <= MAX_ROOM_BYTES;
	     bytes *= 2) {
		free(*room);
		*room = malloc(bytes);
		if (*room == NULL)
			return USER_NO_RESOURCES;
		error = name != NULL ? getpwnam_r(name, user, *room, bytes, &found)
		                     : getpwuid_r(uid, user, *room, bytes, &found);
	}
	if (local_identity_lacks_resources(error))
		return USER_NO_RESOURCES;
	return found != NULL ? USER_FOUND : USER_UNKNOWN;
}

/* Finds whether the system means this user by the name. It does not mean a user of a domain who is
 * called as a user of this computer: winbind can name those without their domain. */
static enum user_look_up local_identity_check_name(const char *name, uid_t uid)
{
	struct passwd user;
	char *room;
	enum user_look_up result = local_identity_look_up(name, 0, &user, &room);

	if (result == USER_FOUND && user.pw_uid != uid)
		result = USER_UNKNOWN;
	free(room);
	return result;
}

/* Finds the user with this uid, unless the name is no label for the user. *room is as above. */
static enum user_look_up local_identity_find_user(uid_t uid, struct passwd *user, char **room)
{
	enum user_look_up result = local_identity_look_up(NULL, uid, user, room);

	if (result != USER_FOUND)
		return result;
	/* A name that begins with @ would be taken for a group's label. */
	if (user->pw_name[0] == '\0' || user->pw_name[0] == '@')
		return USER_UNKNOWN;
	return local_identity_check_name(user->pw_name, uid);
}

/* Adds the label of a group; none for a group without a name. False: out of memory or of
 * file descriptors. */
static bool local_identity_add_group(struct identity *who, gid_t gid)
{
	struct group group, *found = NULL;
	char *room = NULL, *label;
	int error = ERANGE;
	bool added;

	for (size_t bytes = FIRST_ROOM_BYTES; error == ERANGE && bytes <= MAX_ROOM_BYTES;
	     bytes *= 2) {
		free(room);
		room = malloc(bytes);
		if (room == NULL)
			return false;
		error = getgrgid_r(gid, &group, room, bytes, &found);
	}
	added = !local_identity_lacks_resources(error);
	if (found != NULL) {
		added = asprintf(&label, "@%s", group.gr_name) >= 0;
		if (added) {
			added = identity_add_label(who, label);
			free(label);
		}
	}
	free(room);
	return added;
}

static bool local_identity_add_groups(struct identity *who, const struct passwd *user)
{
	int count = 64;
	gid_t *groups = malloc((size_t)count * sizeof *groups);
	bool added = groups != NULL;

	while (added && getgrouplist(user->pw_name, user->pw_gid, groups, &count) < 0) {
		gid_t *more = count <= MAX_GROUPS ? realloc(groups, (size_t)count * sizeof *groups)
		                                  : NULL;

		added = more != NULL;
		groups = added ? more : groups;
	}
	for (int i = 0; added && i < count; i++)
		added = local_identity_add_group(who, groups[i]);
	free(groups);
	return added;
}

struct identity *local_identity_of(uid_t uid)
{
	struct identity *who = NULL;
	struct passwd user;
	char *room, number[32];
	enum user_look_up result = local_identity_find_user(uid, &user, &room);
	bool is_named = result == USER_FOUND;

	(void)snprintf(number, sizeof number, "uid:%lu", (unsigned long)uid);
	if (result != USER_NO_RESOURCES)
		who = identity_new(is_named ? user.pw_name : number, "");
	if (who != NULL && is_named && !local_identity_add_groups(who, &user)) {
		identity_release(who);
		who = NULL;
	}
	free(room);
	return who;
}

/* ---- on the pool ---- */

struct local_identity_job {
	uid_t uid;
	struct identity *who;
	struct local_identity_lookup *lookup;
};

struct local_identity_lookup {
	struct net_pooled *pooled;
	struct local_identity_job *job;
	void (*found)(void *context, struct identity *who);
	void *context;
};

static void local_identity_job_run(void *argument)
{
	struct local_identity_job *job = argument;

	job->who = local_identity_of(job->uid);
}

static void local_identity_job_drop(void *argument)
{
	struct local_identity_job *job = argument;

	identity_release(job->who);
	free(job);
}

static void local_identity_job_done(void *context)
{
	struct local_identity_lookup *lookup = context;
	struct identity *who = lookup->job->who;

	lookup->job->who = NULL;
	lookup->found(lookup->context, who);
	free(lookup);
}

struct local_identity_lookup *
local_identity_start(struct net_loop *loop, uid_t uid,
                     void (*found)(void *context, struct identity *who), void *context)
{
	static const struct net_pool_job kind = { local_identity_job_run, local_identity_job_done,
		                                  local_identity_job_drop };
	struct local_identity_lookup *lookup = calloc(1, sizeof *lookup);
	struct local_identity_job *job = calloc(1, sizeof *job);

	if (lookup == NULL || job == NULL) {
		free(lookup);
		free(job);
		return NULL;
	}
	job->uid = uid;
	*lookup = (struct local_identity_lookup){ .job = job, .found = found, .context = context };
	lookup->pooled = net_pool_start(loop, &kind, job, lookup);
	if (lookup->pooled != NULL)
		return lookup;
	free(lookup);
	return NULL;
}

void local_identity_cancel(struct local_identity_lookup *lookup)
{
	if (lookup == NULL)
		return;
	net_pool_abandon(lookup->pooled);
	free(lookup);
}

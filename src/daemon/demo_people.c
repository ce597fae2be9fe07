/* SPDX-License-Identifier: MIT */
#include "daemon/demo_people.h"

#include <stdbool.h>
#include <stdio.h>
#include <lmshare.h>

#define DIRECT_TCP "\\Device\\NetbiosSmb"
#define NETBIOS    "\\Device\\NetBT_Tcpip_{2C1A7B60-3D4E-4F58-9A0B-6C7D8E9F0A1B}"

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))

static const char *const given_names[] = {
	"anna", "ben",  "carla", "daniel", "elif", "farid", "greta", "hugo",  "ines", "jonas",
	"kim",  "lena", "mateo", "nina",   "omar", "priya", "quinn", "rosa",  "sven", "tara",
	"ugo",  "vera", "wei",   "xenia",  "yuki", "zoe",   "aiko",  "bruno", "cleo", "dmitri",
};
static const char *const family_names[] = {
	"adams",   "becker", "chen",   "dubois", "eriksen", "fischer", "garcia", "haddad", "ivanov",
	"jensen",  "kumar",  "larsen", "meyer",  "novak",   "okafor",  "petrov", "quist",  "rossi",
	"schmidt", "tanaka", "ueda",   "vogel",  "wagner",  "yilmaz",  "zhang",
};
static const char *const services[] = { "svc-backup", "svc-scan", "svc-print",    "svc-sql",
	                                "svc-deploy", "helpdesk", "Administrator" };

uint32_t demo_dice_below(struct demo_dice *dice, uint32_t bound)
{
	uint64_t z = dice->state += 0x9E3779B97F4A7C15u;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return (uint32_t)((z ^ z >> 31) % bound);
}

static uint32_t demo_below(struct demo_dice *dice, uint32_t bound)
{
	return demo_dice_below(dice, bound);
}

/* Writes the name of a user: first all pairs of names, then pairs with a number behind. */
static void demo_name_person(char name[DEMO_TEXT_BYTES], uint32_t number)
{
	uint32_t pairs = COUNT(given_names) * COUNT(family_names);
	uint32_t pair = (uint32_t)((uint64_t)number * 509 % pairs); /* 509: coprime, not in a row */
	const char *given = given_names[pair % COUNT(given_names)];
	const char *family = family_names[pair / COUNT(given_names)];

	if (number < pairs)
		snprintf(name, DEMO_TEXT_BYTES, "%s.%s", given, family);
	else
		snprintf(name, DEMO_TEXT_BYTES, "%s.%s%u", given, family, number / pairs + 1);
}

static bool demo_has_netbios(uint32_t computer)
{
	return computer % 8 == 3;
}

/* Most computers are named by their address, as over direct TCP; those over NetBIOS by their name.
 */
static void demo_name_computer(char name[DEMO_TEXT_BYTES], uint32_t number)
{
	uint32_t site = number / 200;

	if (demo_has_netbios(number))
		snprintf(name, DEMO_TEXT_BYTES, "\\\\WS-%04u", number);
	else if (number % 16 == 5)
		snprintf(name, DEMO_TEXT_BYTES, "\\\\[fd12:3456:789a:%x::%x]", site + 1,
		         number % 200 + 0x10);
	else
		snprintf(name, DEMO_TEXT_BYTES, "\\\\10.%u.%u.%u", site >> 8 & 255, site & 255,
		         number % 200 + 20);
}

uint32_t demo_opens(struct demo_dice *dice)
{
	return demo_below(dice, 4) == 0 ? demo_below(dice, 40) : demo_below(dice, 5);
}

void demo_session_make(struct demo_session *s, struct demo_dice *dice, uint32_t population,
                       int64_t now_ms, uint32_t oldest_ms)
{
	uint32_t number = demo_below(dice, population), what = demo_below(dice, 100);
	/* One user in eight uses another user's computer. */
	uint32_t computer = demo_below(dice, 8) == 0 ? demo_below(dice, population) : number;
	uint32_t age_ms = demo_below(dice, demo_below(dice, oldest_ms) + 1); /* many are young */
	uint32_t idle_ms = demo_below(dice, demo_below(dice, age_ms + 1) + 1);

	s->facts = (struct session_facts){
		.client = s->client,
		.user = s->user,
		.client_type = "", /* as since Windows Vista */
		.transport = demo_has_netbios(computer) ? NETBIOS : DIRECT_TCP,
		.num_opens = demo_opens(dice),
		.created_ms = now_ms - age_ms,
		.used_ms = now_ms - idle_ms,
	};
	demo_name_computer(s->client, computer);
	if (what < 3) {
		snprintf(s->user, sizeof s->user, "%s",
		         services[demo_below(dice, COUNT(services))]);
	} else if (what < 8) { /* a computer, by its own account */
		snprintf(s->user, sizeof s->user, "WS-%04u$", computer);
	} else if (what < 9) {
		snprintf(s->user, sizeof s->user, "guest");
		s->facts.user_flags = SESS_GUEST;
	} else {
		demo_name_person(s->user, number);
	}
}

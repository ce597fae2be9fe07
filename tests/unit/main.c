/* SPDX-License-Identifier: MIT */
/* Runs one group of a layer's tests. meson defines TEST_GROUPS: GROUP(name) for each of them. */
#include <stdio.h>
#include <string.h>

#define GROUP(name) int test_group_##name(void);
TEST_GROUPS
#undef GROUP

#define GROUP(name) { #name, test_group_##name },
static const struct {
	const char *name;
	int (*run)(void);
} groups[] = { TEST_GROUPS };
#undef GROUP

int main(int argc, char **argv)
{
	size_t count = sizeof(groups) / sizeof(groups[0]);

	for (size_t i = 0; argc == 2 && i < count; i++)
		if (strcmp(groups[i].name, argv[1]) == 0)
			return groups[i].run();
	fprintf(stderr, "Usage: %s GROUP, where GROUP is one of:\n", argv[0]);
	for (size_t i = 0; i < count; i++)
		fprintf(stderr, "  %s\n", groups[i].name);
	return 2;
}

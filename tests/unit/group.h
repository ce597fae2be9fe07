/* SPDX-License-Identifier: MIT */
/* The tests of a layer are one program. Each file has one group of tests, by the name that meson
 * knows: `test_smb2 smb2_signing` runs that group alone.
 *
 *	TEST_GROUP(smb2_signing)
 *	{
 *		const struct CMUnitTest tests[] = { ... };
 *
 *		return cmocka_run_group_tests(tests, NULL, NULL);
 *	}
 */
#ifndef TESTS_GROUP_H
#define TESTS_GROUP_H

#define TEST_GROUP(name)             \
	int test_group_##name(void); \
	int test_group_##name(void)

#endif

# SPDX-License-Identifier: MIT
# The front door: each target says what it does, installs what it needs, and leaves the work to
# meson, which builds into build/.
PREFIX   ?= /usr/local
# Where the daemons look for their configuration and keep their files: other folders compile two files anew.
SYSCONFDIR    ?= /etc
LOCALSTATEDIR ?= /var
BUILD    ?= build
SANITIZE ?=
PACKAGES ?=
WERROR   ?= false
FUZZ_SECONDS ?= 60
# Of make attack, for each of its targets; SEED and CASE=KIND:NUMBER, with TARGET, run one attack again.
SECONDS ?= 60
SEED    ?=
TARGET  ?=
CASE    ?=
# Of make attack-middle, for each pair of peers; empty: the whole catalogue of attacks, which takes about two hours.
MIDDLE_SECONDS ?=
# Of make soak.
MINUTES ?= 30
# The one version that Debian 12, 13 and sid have; each version lays out some lines in another way.
CLANG_FORMAT ?= clang-format-19
TESTS    ?=
CROSS    ?=
ARCH     ?= amd64
COMPILER ?= gcc
ROWS     ?=
PUBLISH  ?=
MATRIX ?=

FOLDERS = --prefix=$(PREFIX) --sysconfdir=$(SYSCONFDIR) --localstatedir=$(LOCALSTATEDIR)

.PHONY: help run check test test-wine build lint format install clean sanitize tsan fuzz attack attack-middle soak bench bench-quick test-on matrix tested-with reference
.PHONY: deb rpm test-packages test-new-user test-container packages-container packages-deb packages-rpm packages-build packages-run packages-test packages-wine packages-fuzz packages-matrix packages-cross

help:
	@echo "make run       start netsessiond on loopback, let clients log on, list their sessions"
	@echo "make check     for every commit: the unit tests, the layers, and list end to end; a minute"
	@echo "make test      build and run all tests; with TESTS=\"unit list samba_*\" those suites and tests alone"
	@echo "make test-wine run Windows programs under Wine, which it installs, too (half a gigabyte)"
	@echo "make test-on   run and test on another Debian, in a root of its own: SUITE=trixie, ARCH, COMPILER, TESTS"
	@echo "make matrix    the same on all Debians and compilers, one after the other; takes hours"
	@echo "make build     build the libraries, the command and the daemons into $(BUILD)/"
	@echo "make reference write docs/reference from the tables in the code"
	@echo "make sanitize  run the unit tests under ASan and UBSan alone"
	@echo "make tsan      run the test of many threads under ThreadSanitizer"
	@echo "make fuzz      run each fuzz target for $(FUZZ_SECONDS) seconds: FUZZ_SECONDS"
	@echo "make attack    attack the programs with mutated messages under ASan and UBSan: SECONDS ($(SECONDS) each), SEED"
	@echo "make attack-middle  attack the exchanges of clients and servers as a man in the middle: MIDDLE_SECONDS of each pair, SEED"
	@echo "make soak      run the daemons under load while everything around them fails: MINUTES ($(MINUTES)), SEED"
	@echo "make bench     measure speed and memory beside rpcclient, impacket and the system's limits: half an hour; ROWS;"
	@echo "               with PUBLISH=1, put the figures into bench/RESULTS.md and docs/PERFORMANCE.md"
	@echo "make bench-quick  the same in a minute or two, with fewer sessions and repeats"
	@echo "make lint      compare the layout with .clang-format, check the layers"
	@echo "make format    lay the sources out as .clang-format says"
	@echo "make install   install under PREFIX ($(PREFIX)), below DESTDIR where given; SYSCONFDIR, LOCALSTATEDIR"
	@echo "make deb       build the Debian packages of what is committed into $(BUILD)/deb, and check them with lintian"
	@echo "make rpm       build the RPM packages of what is committed into $(BUILD)/rpm, after rpmlint has read the spec file"
	@echo "make test-packages  build them on a Debian, and use them in a bare root of it: SUITE=trixie"
	@echo "make test-new-user  go from apt to the sessions of a Samba in a bare root of a Debian, and time each step: SUITE=trixie"
	@echo "make test-container  build the packages and use netsession-samba in a container beside a Samba in another one: SUITE=trixie"
	@echo "make clean     remove $(BUILD)/ and the sanitizers' builds"

packages-build packages-deb packages-rpm packages-container packages-run packages-test packages-wine packages-fuzz packages-matrix packages-cross: packages-%:
	@[ "$(PACKAGES)" = installed ] || CROSS=$(CROSS) scripts/install-packages $*
	@[ "$(PACKAGES)" = installed ] || [ $* != test ] || scripts/fetch-samba-tests

$(BUILD)/build.ninja:
	meson setup $(BUILD) $(FOLDERS) -Dwerror=$(WERROR) $(CROSS:%=--cross-file=tests/cross/%.ini)

$(BUILD)-sanitize/build.ninja:
	meson setup $(BUILD)-sanitize -Db_sanitize=address,undefined -Db_lundef=false \
		-Dbuildtype=debug -Dwerror=$(WERROR)

$(BUILD)-tsan/build.ninja:
	meson setup $(BUILD)-tsan -Db_sanitize=thread -Db_lundef=false -Dwerror=$(WERROR)

build: packages-build
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	ninja -C $(BUILD)

run: packages-build packages-run
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	ninja -C $(BUILD) netsession netsessiond
	/usr/bin/python3 scripts/demo.py $(BUILD)

check: packages-test build
	/usr/bin/python3 tests/run.py $(BUILD) - unit house list both_ends

test: packages-test build
ifeq ($(TESTS),)
	@$(MAKE) --no-print-directory $(BUILD)-sanitize/build.ninja
	ninja -C $(BUILD)-sanitize
endif
	/usr/bin/python3 tests/run.py $(BUILD) $(BUILD)-sanitize $(foreach word,$(TESTS),'$(word)')

# Meson looks anew for Wine's tools.
test-wine: packages-test packages-wine packages-build
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	meson setup --reconfigure $(BUILD)
	ninja -C $(BUILD)
	/usr/bin/python3 tests/run.py $(BUILD) - wine

test-on: packages-matrix
	@[ -n "$(SUITE)" ] || { echo "make test-on: say which Debian, as in SUITE=trixie" >&2; exit 2; }
	@/usr/bin/python3 scripts/matrix/test_on.py $(SUITE) $(ARCH) $(COMPILER) "$(TESTS)"

matrix: packages-matrix
	@/usr/bin/python3 scripts/matrix/matrix.py $(MATRIX)

tested-with:
	/usr/bin/python3 scripts/matrix/tested_with.py docs/tested-with.md $(BUILD)/matrix/results.json

reference: build
	/usr/bin/python3 scripts/reference.py . $(BUILD)

sanitize: packages-test build
	@$(MAKE) --no-print-directory $(BUILD)-sanitize/build.ninja
	meson test -C $(BUILD)-sanitize --suite unit --print-errorlogs

tsan: packages-test build
	@$(MAKE) --no-print-directory $(BUILD)-tsan/build.ninja
	meson test -C $(BUILD)-tsan threads --print-errorlogs

fuzz: packages-build packages-fuzz
	/usr/bin/python3 fuzz/run.py $(FUZZ_SECONDS)

attack: packages-test build
	@$(MAKE) --no-print-directory $(BUILD)-sanitize/build.ninja
	ninja -C $(BUILD)-sanitize
	cd tests && /usr/bin/python3 -m attack.run ../$(BUILD)-sanitize --seconds $(SECONDS) $(SEED:%=--seed %) \
		$(TARGET:%=--target %) $(CASE:%=--case %)

attack-middle: packages-test build
	@$(MAKE) --no-print-directory $(BUILD)-sanitize/build.ninja
	ninja -C $(BUILD)-sanitize
	cd tests && /usr/bin/python3 -m attack.middle ../$(BUILD)-sanitize $(MIDDLE_SECONDS:%=--seconds %) $(SEED:%=--seed %)

soak: packages-test build
	cd tests && /usr/bin/python3 -m soak.run ../$(BUILD) --minutes $(MINUTES) $(SEED:%=--seed %)

deb: packages-deb
	scripts/make-deb $(BUILD)/deb

rpm: packages-build packages-rpm
	scripts/make-rpm $(BUILD)/rpm

test-new-user: packages-matrix
	@[ -n "$(SUITE)" ] || { echo "make test-new-user: say which Debian, as in SUITE=trixie" >&2; exit 2; }
	/usr/bin/python3 scripts/matrix/new_user.py $(SUITE)

test-packages: packages-matrix
	@[ -n "$(SUITE)" ] || { echo "make test-packages: say which Debian, as in SUITE=trixie" >&2; exit 2; }
	/usr/bin/python3 scripts/matrix/test_packages.py $(SUITE)

test-container: packages-matrix packages-container
	@[ -n "$(SUITE)" ] || { echo "make test-container: say which Debian, as in SUITE=trixie" >&2; exit 2; }
	/usr/bin/python3 scripts/matrix/test_container.py $(SUITE)

bench bench-quick: packages-test build
	/usr/bin/python3 bench/run.py $(if $(filter bench-quick,$@),--quick) $(PUBLISH:%=--publish) $(ROWS)

lint: packages-test
	$(CLANG_FORMAT) --dry-run --Werror $$(git ls-files '*.c' '*.h')
	/usr/bin/python3 tests/layering.py .

format: packages-test
	$(CLANG_FORMAT) -i $$(git ls-files '*.c' '*.h')

# Builds what it installs, where that is not built yet. Meson would reset the other folders with the prefix.
install: packages-build
	@$(MAKE) --no-print-directory $(BUILD)/build.ninja
	meson configure $(BUILD) $(FOLDERS)
	ninja -C $(BUILD) installed
	DESTDIR=$(DESTDIR) meson install -C $(BUILD) --no-rebuild

clean:
	rm -rf $(BUILD) $(BUILD)-sanitize $(BUILD)-tsan

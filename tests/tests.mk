# SPDX-License-Identifier: MIT
# The tests' half of the Makefile: everything that is not building or installing.

NODE = $(CURDIR)/tests/node_modules/node-linux-$(if $(filter aarch64,$(shell uname -m)),arm64,x64)/bin/node
TEST_TOOLS = fake-bridge faults keyring-tool late-service rounds
UNIT_TESTS = $(notdir $(basename $(wildcard tests/unit/*.c)))
FUZZERS = $(notdir $(basename $(wildcard tests/fuzz/*.c)))
FUZZ_SECONDS ?= 12
TESTS ?=
FILTER ?=

# Everything but the programs' own mains.
LIBRARY = $(sort $(filter-out %/main.c,$(sk-core_SOURCES) $(sk-key_SOURCES) $(sk-oauth_SOURCES) $(sk-bridge_SOURCES) helper/proxy/target.c helper/proxy/headers.c))
# the tests' own programs are not installed beside the others
TEST_CPPFLAGS = -DSK_LIBEXECDIR='"$(libexecdir)"'
LIBRARY_LIBS = $(CORE_LIBS) $(KEY_LIBS) $(OAUTH_LIBS) -lm

$(B)/tests/%: tests/%.c $(LIBRARY:%.c=$(B)/obj/%.o) $(wildcard tests/unit/*.h)
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(SK_CPPFLAGS) $(TEST_CPPFLAGS) $(CPPFLAGS) $(SK_CFLAGS) -Itests/unit $(CFLAGS) $(WERROR) $(SK_LDFLAGS) $(TEST_LDFLAGS) $(LDFLAGS) -fPIE \
		-o $@ $< $(LIBRARY:%.c=$(B)/obj/%.o) $(LIBRARY_LIBS) $(LDLIBS)

$(B)/tests/late-service $(B)/tests/fake-bridge: $(B)/tests/%: tests/%.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(SK_CPPFLAGS) $(TEST_CPPFLAGS) $(CPPFLAGS) $(SK_CFLAGS) -fPIE $(CFLAGS) $(WERROR) $(SK_LDFLAGS) $(LDFLAGS) -o $@ $<

# by itself, and small: until it calls execve(2), a child has its parent's memory
$(B)/tests/rounds $(B)/tests/faults: $(B)/tests/%: tests/%.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,LD,$@)$(FRONT_CC) $(SK_CPPFLAGS) $(CPPFLAGS) $(SK_CFLAGS) -fno-pie $(FRONT_CFLAGS) $(WERROR) -no-pie $(FRONT_LDFLAGS) -o $@ $<

$(B)/tests/unit/buf: TEST_LDFLAGS = -Wl,--wrap=free

test-tools: $(B)/tests/bench/fleet $(TEST_TOOLS:%=$(B)/tests/%) $(UNIT_TESTS:%=$(B)/tests/unit/%)

# A variant, built and installed below build/.
variant = $(MAKE) --no-print-directory B=build/$(1) prefix='$(CURDIR)/build/$(1)/stage' \
	sysconfdir='$(CURDIR)/build/$(1)/stage/etc' $(2)
run_tests = SK_BUILD='$(CURDIR)/build/$(1)' SK_NODE='$(NODE)' SK_CC='$(CC)' JOBS='$(JOBS)' FILTER='$(FILTER)' tests/run $(TESTS)

staged: staged-programs
	@+$(call variant,check,-s test-tools)

staged-programs:
	@+$(call variant,check,-s install)

asan-staged:
	@+$(call variant,asan,-s SANITIZE=address$(COMMA)undefined FRONT_CC='$(CC)' FRONT_LDFLAGS= FRONT_CFLAGS='-O1 -g' CFLAGS='-O1 -g' install test-tools)
COMMA = ,

# make debug: into build/debug/stage, for a debugger: symbols, nothing optimized away, processes that can be attached to
debug:
	@+$(call variant,debug,-s FRONT_CC='$(CC)' FRONT_CFLAGS='-Og -g3' FRONT_LDFLAGS= CFLAGS='-Og -g3' CPPFLAGS=-DSK_DEBUG install)
	@echo "build/debug/stage/bin/sk-helper; SK_HELPER_DEBUG=1 lets sk-oauth and sk-secret-service print to standard error"

# make coverage: which lines the tests do not reach, file by file; TESTS= and FILTER= as for check
coverage: deps-test
	@+$(call variant,coverage,-s FRONT_CC='$(CC)' FRONT_CFLAGS='-O0 -g --coverage' FRONT_LDFLAGS=--coverage CFLAGS='-O0 -g --coverage' LDFLAGS=--coverage \
		CPPFLAGS='-DSK_COVERAGE -D_exit=exit' install test-tools)
	@find build/coverage -name '*.gcda' -delete
	-@SK_SANITIZED=1 $(call run_tests,coverage)
	@tests/coverage build/coverage

# make deps: install what building needs (Debian, Ubuntu; says what it is elsewhere)
deps:
	@tests/deps build

# make deps-test: install what the tests need, with the servers and clients that they run against (check, lint and others do that by themselves)
deps-test:
	@tests/deps test
	@tests/node-deps all

# make deps-package: install what 'make release' and tests/package.bats need, and unpack the libraries for aarch64 below build/
deps-package:
	@tests/deps package
	@helper/package/sysroot arm64 '$(SYSROOT)'

# What is missing is installed before anything is built, also with -j: so not as one more prerequisite.

# make check: the tests; TESTS='tests/get.bats' for some suites, FILTER='regex' for the tests whose names match it
check: deps-test
	@+$(MAKE) --no-print-directory staged
	@$(call run_tests,check)

# make check-asan: the tests with AddressSanitizer and UndefinedBehaviorSanitizer
check-asan: deps-test
	@+$(MAKE) --no-print-directory asan-staged
	@SK_SANITIZED=1 $(call run_tests,asan)

# make check-valgrind: the unit tests under valgrind, which does not survive the execve(2) that the sandbox refuses
check-valgrind: deps-test
	@+$(MAKE) --no-print-directory staged
	@for t in $(filter-out sandbox,$(UNIT_TESTS)); do valgrind -q --error-exitcode=99 --leak-check=full build/check/tests/unit/$$t || exit 1; done

# make compile-flags: what compile_flags.txt must have, for clangd and other editors' tools
compile-flags:
	@printf '%s\n' -std=c11 -Ihelper -I. -Itests/unit -Itests/fuzz -D_GNU_SOURCE '-DSK_VERSION="$(VERSION)"' '-DSK_SYSCONFDIR="/etc"' \
		'-DSK_BIN_TO_LIBEXEC="../libexec"' '-DSK_LIBEXEC_TO_BIN="../bin"' '-DSK_LIBEXEC_TO_DATA="../share"' $(WARNINGS)

# make lint: formatting, two compilers with all warnings as errors, static analysis, shell, manuals
lint: deps-test
	@tests/lint

# make fuzz-smoke: each fuzzer for a short while
fuzz-smoke: deps-test
	@$(MAKE) --no-print-directory -s B=build/fuzz CC=clang SANITIZE=address$(COMMA)undefined CFLAGS='-O1 -g -fsanitize=fuzzer-no-link' WERROR=-Werror fuzzers
	@tests/fuzz/smoke build/fuzz/fuzz $(FUZZ_SECONDS)

fuzzers: $(FUZZERS:%=$(B)/fuzz/%)
$(B)/fuzz/%: tests/fuzz/%.c tests/fuzz/fuzz.h $(LIBRARY:%.c=$(B)/obj/%.o)
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(SK_CPPFLAGS) $(CPPFLAGS) $(SK_CFLAGS) $(CFLAGS) $(WERROR) -fsanitize=fuzzer -o $@ $< $(LIBRARY:%.c=$(B)/obj/%.o) $(LIBRARY_LIBS)

# make bench: what a get, a bridge and a proxy cost, next to the peers that are installed
bench: deps-test
	@+$(MAKE) --no-print-directory staged
	@SK_BUILD='$(CURDIR)/build/check' SK_NODE='$(NODE)' tests/bench/bench
	@SK_BUILD='$(CURDIR)/build/check' SK_NODE='$(NODE)' tests/bench/bridge
	@SK_BUILD='$(CURDIR)/build/check' SK_NODE='$(NODE)' tests/bench/proxy

# make bench-fleet: a day of up to 1,000,000 helpers, simulated: into tests/bench/fleet.md and fleet.svg (two minutes)
bench-fleet:
	@+$(call variant,check,-s build/check/tests/bench/fleet)
	@build/check/tests/bench/fleet tests/bench
	@echo 'tests/bench/fleet.md, tests/bench/fleet.svg'

deps-demo:
	@tests/deps demo
	@tests/node-deps servers

# make demo: from a client secret to a to-do at a real MCP server, on this machine alone
demo: deps-demo
	@+$(MAKE) --no-print-directory staged-programs
	@SK_BUILD='$(CURDIR)/build/check' SK_NODE='$(NODE)' tests/demo

.PHONY: debug coverage compile-flags test-tools staged staged-programs asan-staged deps deps-test deps-package deps-demo check check-asan check-valgrind lint fuzz-smoke fuzzers bench bench-fleet demo

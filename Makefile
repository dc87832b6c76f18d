# SPDX-License-Identifier: MIT
# 'make' builds, 'make help' shows what else there is. 'make V=1' shows the commands.

SHELL = /bin/sh
.SUFFIXES:
.DELETE_ON_ERROR:

VERSION = 0.2.0

prefix ?= /usr/local
exec_prefix ?= $(prefix)
bindir ?= $(exec_prefix)/bin
libexecdir ?= $(exec_prefix)/libexec
sysconfdir ?= /etc
datarootdir ?= $(prefix)/share
mandir ?= $(datarootdir)/man
docdir ?= $(datarootdir)/doc/sk-helper
bashcompletiondir ?= $(datarootdir)/bash-completion/completions
zshcompletiondir ?= $(datarootdir)/zsh/site-functions
systemduserunitdir ?= $(exec_prefix)/lib/systemd/user
skilldir = $(datarootdir)/sk-helper/skills/sk-helper
fishcompletiondir ?= $(datarootdir)/fish/vendor_completions.d

# dash, zsh and fish leave "prefix=~/.local" as it is
DIRECTORY_NAMES = prefix exec_prefix bindir libexecdir sysconfdir datarootdir mandir docdir bashcompletiondir zshcompletiondir fishcompletiondir systemduserunitdir DESTDIR
$(foreach name,$(DIRECTORY_NAMES),$(if $(filter ~ ~/%,$(firstword $($(name)))),$(eval override $(name) := $(HOME)$($(name):~%=%))))

INSTALL ?= install
INSTALL_PROGRAM ?= $(INSTALL) -m 755
# what only root may read cannot be looked into by other processes of the user, from the first instruction on
INSTALL_PRIVATE ?= $(INSTALL) -m 711
INSTALL_DATA ?= $(INSTALL) -m 644
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
JOBS ?= 2

# The front door links nothing but a libc, and starts fastest with musl's.
FRONT_CC ?= $(shell command -v musl-gcc || echo $(CC))
FRONT_CFLAGS ?= -O2
FRONT_LDFLAGS ?= -static
# Most of what a cached get takes is page faults. One segment for code and constants, one for variables, in which the large ones come
# last; without what nobody calls, and without a page for what could be made read-only (a static program has next to nothing there).
FRONT_CODE = -fno-pie -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections
FRONT_LAYOUT = -Wl,--gc-sections,-z,noseparate-code,-z,norelro,--sort-section=name,--build-id=none

# Where this variant is built, and where 'make check' puts what it tests.
B ?= build
STAGE = $(CURDIR)/build/stage

WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla
# How the directories lie to each other, and not where they are: the programs find each other from where they are run
# (helper/base/installed.c), so that one build is good for every prefix.
relative = $(shell realpath -m --relative-to='$(1)' '$(2)')
SK_CPPFLAGS = -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DSK_VERSION='"$(VERSION)"' -DSK_SYSCONFDIR='"$(sysconfdir)"' $(DIRECTORIES) -Ihelper -I. \
	$(SANITIZE:%=-DSK_SANITIZE)
DIRECTORIES := -DSK_BIN_TO_LIBEXEC='"$(call relative,$(bindir),$(libexecdir))"' -DSK_LIBEXEC_TO_BIN='"$(call relative,$(libexecdir),$(bindir))"' \
	-DSK_LIBEXEC_TO_DATA='"$(call relative,$(libexecdir),$(datarootdir))"'
SK_CFLAGS = -std=c11 $(WARNINGS) -fstack-protector-strong $(if $(REPRODUCIBLE),-ffile-prefix-map='$(CURDIR)'=.) $(SANITIZE:%=-fsanitize=% -fno-sanitize-recover=all -fno-omit-frame-pointer)
HARDENING = -fPIE -pie -Wl,-z,relro,-z,now
SK_LDFLAGS = $(if $(SANITIZE),-fsanitize=$(SANITIZE),$(HARDENING))

BASE_FRONT = status buf debug installed nearest wire text json harden listen-fds clock sha256 options percent random base64 private-request
WALLS = confine landlock syscall-filter
FORMATS = askers json native plain protocols
SHARED = $(BASE_FRONT:%=helper/base/%.c) helper/base/lock.c helper/base/private-dir.c $(wildcard helper/model/*.c) $(FORMATS:%=helper/protocols/%.c) keyring/keyring-name.c \
	keyring/kernel-read.c keyring/runtime-read.c
# those that parse no JSON, for the front door
PLAIN_TOOLS = docker git goauth google keyring pnpm terraform tools vault
TOOLS = $(filter-out $(FORMATS:%=helper/protocols/%.c),$(wildcard helper/protocols/*.c))
KEYRING = $(SHARED) helper/base/json-read.c helper/base/subprocess.c $(WALLS:%=helper/base/%.c) \
	keyring/keyring.c keyring/kernel.c keyring/runtime.c keyring/runtime-files.c keyring/sealed.c keyring/secret-service.c

OAUTH_MODEL = auth-method challenge grant oauth-error token url

sk-helper_SOURCES = $(wildcard helper/front/*.c) $(SHARED) $(PLAIN_TOOLS:%=helper/protocols/%.c)
sk-core_SOURCES = $(wildcard helper/core/*.c) $(TOOLS) $(KEYRING) helper/base/journal.c helper/base/json-value.c helper/base/peer.c
sk-oauth_SOURCES = $(wildcard helper/oauth/*.c) $(wildcard helper/http/*.c) helper/base/json-read.c helper/base/landlock.c \
	helper/base/syscall-filter.c $(BASE_FRONT:%=helper/base/%.c) $(OAUTH_MODEL:%=helper/model/%.c)
sk-key_SOURCES = $(wildcard helper/key/*.c) helper/base/json-read.c $(WALLS:%=helper/base/%.c) $(BASE_FRONT:%=helper/base/%.c) helper/model/assertion.c
sk-bridge_SOURCES = $(wildcard helper/bridge/*.c) $(wildcard helper/relay/*.c) $(wildcard helper/http/*.c) \
	helper/base/json-value.c helper/base/landlock.c helper/base/syscall-filter.c $(BASE_FRONT:%=helper/base/%.c) helper/model/challenge.c \
	helper/model/url.c
sk-proxy_SOURCES = $(wildcard helper/proxy/*.c) $(wildcard helper/relay/*.c) $(wildcard helper/http/*.c) \
	helper/base/landlock.c helper/base/peer.c helper/base/syscall-filter.c $(BASE_FRONT:%=helper/base/%.c) helper/model/challenge.c \
	helper/model/url.c
sk-secret-service_SOURCES = $(wildcard keyring/sk-secret-service/*.c) $(BASE_FRONT:%=helper/base/%.c) $(WALLS:%=helper/base/%.c)

PRIVATE = sk-core sk-key sk-oauth sk-bridge sk-proxy sk-secret-service
PROGRAMS = sk-helper $(PRIVATE)
# the names that tools run us by: links to the front door (helper/protocols/tools.c)
LINKS = git-credential-sk docker-credential-sk bazel-credential-sk terraform-credentials-sk cargo-credential-sk vault-token-sk pnpm-token-sk
MANUALS = $(wildcard helper/man/*.[1-8])
UNITS = $(wildcard helper/systemd/*)

# each asked for once, and only when something needs it
once = $(eval $(1) := $$(shell $(2)))$($(1))
SECRET_CFLAGS = $(call once,SECRET_CFLAGS,$(PKG_CONFIG) --cflags libsecret-1)
SECRET_LIBS = $(call once,SECRET_LIBS,$(PKG_CONFIG) --libs libsecret-1)
OAUTH_LIBS = $(call once,OAUTH_LIBS,$(PKG_CONFIG) --libs libcurl libcjson)
KEY_LIBS = $(call once,KEY_LIBS,$(PKG_CONFIG) --libs libcjson libcrypto)
BRIDGE_LIBS = $(call once,BRIDGE_LIBS,$(PKG_CONFIG) --libs libcurl)
PROXY_LIBS = $(call once,PROXY_LIBS,$(PKG_CONFIG) --libs libcurl libmicrohttpd)
CORE_LIBS = $(call once,CORE_LIBS,$(PKG_CONFIG) --libs libkeyutils libcjson libsodium)
# for a program that is to run on many systems: static, where this one has the library so
archive_of = $(filter /% build/%,$(shell $(CC) -print-file-name=lib$(1).a))
PORTABLE_CORE_LIBS = $(foreach library,keyutils cjson sodium,$(if $(call archive_of,$(library)),-l:lib$(library).a,-l$(library)))

Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2);)

all: $(PROGRAMS:%=$(B)/%)

# What was compiled with other flags or other directories is compiled again.
FLAGS = $(CC) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS) $(FRONT_CC) $(FRONT_CODE) $(FRONT_CFLAGS) $(FRONT_LDFLAGS) $(SK_CPPFLAGS) $(SK_CFLAGS)
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(FLAGS))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(FLAGS))' >$@
FORCE:

$(B)/front/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)$(FRONT_CC) $(SK_CPPFLAGS) $(CPPFLAGS) $(SK_CFLAGS) -DSK_FRONT $(FRONT_CODE) $(FRONT_CFLAGS) $(WERROR) -MMD -MP -c -o $@ $<

$(B)/obj/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(SK_CPPFLAGS) $(CPPFLAGS) $(SK_CFLAGS) -fPIE $(EXTRA) $(CFLAGS) $(WERROR) -MMD -MP -c -o $@ $<

$(B)/obj/keyring/sk-secret-service/%.o: EXTRA = $(SECRET_CFLAGS)

$(B)/sk-helper: $(sk-helper_SOURCES:%.c=$(B)/front/%.o)
	$(call say,LD,$@)$(FRONT_CC) -no-pie $(if $(SANITIZE),$(SK_LDFLAGS),$(FRONT_LAYOUT)) $(FRONT_LDFLAGS) -o $@ $^

$(B)/sk-core: $(sk-core_SOURCES:%.c=$(B)/obj/%.o)
	$(call say,LD,$@)$(CC) $(SK_LDFLAGS) $(LDFLAGS) -o $@ $^ $(CORE_LIBS) $(LDLIBS)

$(B)/sk-oauth: $(sk-oauth_SOURCES:%.c=$(B)/obj/%.o)
	$(call say,LD,$@)$(CC) $(SK_LDFLAGS) $(LDFLAGS) -o $@ $^ $(OAUTH_LIBS) $(LDLIBS)

$(B)/sk-key: $(sk-key_SOURCES:%.c=$(B)/obj/%.o)
	$(call say,LD,$@)$(CC) $(SK_LDFLAGS) $(LDFLAGS) -o $@ $^ $(KEY_LIBS) $(LDLIBS)

$(B)/sk-bridge: $(sk-bridge_SOURCES:%.c=$(B)/obj/%.o)
	$(call say,LD,$@)$(CC) $(SK_LDFLAGS) $(LDFLAGS) -o $@ $^ $(BRIDGE_LIBS) $(LDLIBS)

$(B)/sk-proxy: $(sk-proxy_SOURCES:%.c=$(B)/obj/%.o)
	$(call say,LD,$@)$(CC) $(SK_LDFLAGS) $(LDFLAGS) -o $@ $^ $(PROXY_LIBS) $(LDLIBS)

$(B)/sk-secret-service: $(sk-secret-service_SOURCES:%.c=$(B)/obj/%.o)
	$(call say,LD,$@)$(CC) $(SK_LDFLAGS) $(LDFLAGS) -o $@ $^ $(SECRET_LIBS) $(LDLIBS)

# make install: into prefix (/usr/local), below DESTDIR where that is set
install: all
	@d='$(DESTDIR)$(bindir)'; while [ ! -e "$$d" ]; do d=$$(dirname "$$d"); done; [ -w "$$d" ] || \
		{ echo "make install: '$$d' cannot be written: 'sudo make install', or 'make install prefix=~/.local' for you alone" >&2; exit 1; }
	$(Q)$(INSTALL) -d '$(DESTDIR)$(bindir)' '$(DESTDIR)$(libexecdir)/sk-helper' '$(DESTDIR)$(mandir)/man1' '$(DESTDIR)$(mandir)/man5' '$(DESTDIR)$(mandir)/man7' \
		'$(DESTDIR)$(bashcompletiondir)' '$(DESTDIR)$(zshcompletiondir)' '$(DESTDIR)$(fishcompletiondir)' '$(DESTDIR)$(skilldir)' '$(DESTDIR)$(systemduserunitdir)'
	$(Q)$(INSTALL_PROGRAM) $(B)/sk-helper '$(DESTDIR)$(bindir)/sk-helper'
	$(Q)for l in $(LINKS); do ln -sf sk-helper '$(DESTDIR)$(bindir)/'$$l || exit 1; done
	$(Q)for p in $(PRIVATE); do $(INSTALL_PRIVATE) $(B)/$$p '$(DESTDIR)$(libexecdir)/sk-helper/'$$p || exit 1; done
	$(Q)for m in $(MANUALS); do $(INSTALL_DATA) $$m '$(DESTDIR)$(mandir)/man'$${m##*.}/$${m##*/} || exit 1; done
	$(Q)$(INSTALL_DATA) helper/plugin/skills/sk-helper/SKILL.md '$(DESTDIR)$(skilldir)/SKILL.md'
	$(Q)$(INSTALL_DATA) completions/sk-helper.bash '$(DESTDIR)$(bashcompletiondir)/sk-helper'
	$(Q)$(INSTALL_DATA) completions/sk-helper.zsh '$(DESTDIR)$(zshcompletiondir)/_sk-helper'
	$(Q)$(INSTALL_DATA) completions/sk-helper.fish '$(DESTDIR)$(fishcompletiondir)/sk-helper.fish'
	$(Q)for u in $(UNITS); do sed 's|@bindir@|$(bindir)|' $$u >$(B)/unit && $(INSTALL_DATA) $(B)/unit '$(DESTDIR)$(systemduserunitdir)/'$${u##*/} || exit 1; done
	$(if $(DESTDIR)$(findstring s,$(firstword -$(MAKEFLAGS))),,@helper/package/installed '$(bindir)' '$(bashcompletiondir)' '$(zshcompletiondir)')

# make uninstall: what install put there
uninstall:
	$(Q)rm -f '$(DESTDIR)$(bindir)/sk-helper' '$(DESTDIR)$(bashcompletiondir)/sk-helper' '$(DESTDIR)$(zshcompletiondir)/_sk-helper' \
		'$(DESTDIR)$(fishcompletiondir)/sk-helper.fish'
	$(Q)for l in $(LINKS); do rm -f '$(DESTDIR)$(bindir)/'$$l; done
	$(Q)for p in $(PRIVATE); do rm -f '$(DESTDIR)$(libexecdir)/sk-helper/'$$p; done
	$(Q)for m in $(MANUALS); do rm -f '$(DESTDIR)$(mandir)/man'$${m##*.}/$${m##*/}; done
	$(Q)rm -f '$(DESTDIR)$(skilldir)/SKILL.md'
	$(Q)for u in $(UNITS); do rm -f '$(DESTDIR)$(systemduserunitdir)/'$${u##*/}; done
	-$(Q)rmdir '$(DESTDIR)$(libexecdir)/sk-helper' '$(DESTDIR)$(skilldir)' '$(DESTDIR)$(datarootdir)/sk-helper/skills' '$(DESTDIR)$(datarootdir)/sk-helper' 2>/dev/null

# --- packages: see CONTRIBUTING.md, "A release"

# What the packager says: the project has no address of its own.
DEB_MAINTAINER ?= sk-helper developers <sk-helper@example.org>
HOMEPAGE ?=
STRIP ?= strip
MACHINE = $(call once,MACHINE,$(CC) -dumpmachine | cut -d- -f1)
CROSS ?= aarch64-linux-gnu-
SYSROOT = build/sysroot-arm64

# The same for every build of one version, so that packages are equal wherever they are made.
SOURCE_DATE_EPOCH ?= $(call once,SOURCE_DATE_EPOCH,helper/package/epoch)
quoted = '$(subst ','\'',$(1))'
PACKAGER = SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) DEB_MAINTAINER=$(call quoted,$(DEB_MAINTAINER)) HOMEPAGE=$(call quoted,$(HOMEPAGE))

# What is in a package, below build/FOLDER/stage: without the name of this folder, and without symbols.
staged_package = rm -rf '$(1)/stage' && \
	$(MAKE) --no-print-directory -s B='$(1)' REPRODUCIBLE=1 prefix=/usr libexecdir=/usr/libexec sysconfdir=/etc DESTDIR='$(CURDIR)/$(1)/stage' $(2) install && \
	$(3)$(STRIP) --strip-unneeded --remove-section=.comment --remove-section=.note '$(1)'/stage/usr/bin/sk-helper '$(1)'/stage/usr/libexec/sk-helper/*

package-stage:
	@+$(call staged_package,build/package)

DEB = build/sk-helper_$(VERSION)_$(shell dpkg --print-architecture).deb
RPM = build/sk-helper-$(VERSION)-1.$(MACHINE).rpm
DIST = build/sk-helper-$(VERSION).tar.gz
TARBALL = build/sk-helper-$(VERSION)-linux-$(MACHINE).tar.gz
TARBALL_AARCH64 = build/sk-helper-$(VERSION)-linux-aarch64.tar.gz

# make deb: a Debian package, build/sk-helper_VERSION_ARCHITECTURE.deb; with DEB_MAINTAINER="NAME <ADDRESS>" and HOMEPAGE=URL of the packager
deb: package-stage
	@$(PACKAGER) helper/package/deb build/package/stage '$(VERSION)' '$(DEB)'

# make rpm: an RPM package, build/sk-helper-VERSION-1.MACHINE.rpm; with HOMEPAGE=URL
rpm: package-stage
	@$(PACKAGER) helper/package/rpm build/package/stage '$(VERSION)' '$(RPM)'

# make tarball: the programs for any folder, build/sk-helper-VERSION-linux-MACHINE.tar.gz
tarball:
	@+$(call staged_package,build/portable,CORE_LIBS='$$(PORTABLE_CORE_LIBS)')
	@$(PACKAGER) helper/package/tarball build/portable/stage '$(TARBALL)'

# make tarball-aarch64: the same for aarch64, with a cross compiler and Debian's libraries for arm64 below build/
tarball-aarch64:
	@command -v $(CROSS)gcc >/dev/null || { echo "make tarball-aarch64: $(CROSS)gcc is missing ('make deps-package' installs it)" >&2; exit 1; }
	@helper/package/sysroot arm64 '$(SYSROOT)'
	@+PKG_CONFIG_SYSROOT_DIR='$(SYSROOT)' PKG_CONFIG_LIBDIR='$(SYSROOT)/usr/lib/aarch64-linux-gnu/pkgconfig:$(SYSROOT)/usr/share/pkgconfig' && \
		export PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_LIBDIR && $(call staged_package,build/portable-aarch64,CC='$(CROSS)gcc --sysroot=$(SYSROOT)' \
		FRONT_CC='$(CROSS)gcc --sysroot=$(SYSROOT)' CORE_LIBS='$$(PORTABLE_CORE_LIBS)',$(CROSS))
	@$(PACKAGER) helper/package/tarball build/portable-aarch64/stage '$(TARBALL_AARCH64)'

# make dist: a source archive, build/sk-helper-VERSION.tar.gz: of what is committed, or of an archive's own files
dist:
	@mkdir -p build
	@if [ -e .git ] && git rev-parse --verify -q HEAD >/dev/null 2>&1; then git archive --prefix='sk-helper-$(VERSION)/' HEAD; \
	else tar -cf - --sort=name --mtime='@$(SOURCE_DATE_EPOCH)' --owner=0 --group=0 --numeric-owner --mode='u=rwX,go=rX' --exclude=./build --exclude=node_modules \
		--transform='s|^\.|sk-helper-$(VERSION)|' .; fi | gzip -9n >'$(DIST)'
	@echo '$(DIST)'

# make release: all packages with their sums, and a PKGBUILD, in build/release; with what deb and rpm are told
release: dist deb rpm tarball $(if $(shell command -v $(CROSS)gcc),tarball-aarch64)
	@$(PACKAGER) helper/package/release '$(VERSION)' '$(DIST)' '$(DEB)' '$(RPM)' '$(TARBALL)' \
		$(if $(filter tarball-aarch64,$^),'$(TARBALL_AARCH64)')

# make help: this list
help:
	@sed -n 's/^# make \([a-z0-9-]*\): /\1\t/p' $(firstword $(MAKEFILE_LIST)) tests/tests.mk | sort | while IFS='	' read -r target text; do \
		printf '  make %-15s %s\n' "$$target" "$$text"; done

# make clean: remove what was built
clean:
	rm -rf build tests/node_modules tests/clients/node_modules

.PHONY: all install uninstall package-stage deb rpm tarball tarball-aarch64 dist release help clean FORCE
include tests/tests.mk
-include $(shell find $(B) -name '*.d' -type f 2>/dev/null)

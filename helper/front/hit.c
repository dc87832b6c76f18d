// SPDX-License-Identifier: MIT
#include "front/hit.h"

#include "base/clock.h"
#include "keyring/kernel-read.h"
#include "keyring/runtime-read.h"
#include "model/profile-dir.h"
#include "model/system-config.h"

#include <string.h>

// The memory for all that is read and written, one thing after the other. It is static, because malloc(3) costs more
// system calls than all the rest, and contiguous, because the first use of each page costs as much as a system call,
// and more in a virtual machine. It is placed after all other variables and shares their last page (Makefile,
// FRONT_LAYOUT). arena_next has an initial value so that it is not in that page: to read it there would map a page of
// zeros, and the first write another page.
__attribute__((section(".bss.zz_arena"))) static char
	arena[2 * (REQUEST_MAX + 1) + PROFILE_TEXT_MAX + TOKEN_RECORD_MAX + 2 * TOKEN_MAX + 8192];
static char *arena_next = arena;

struct buf arena_take(void)
{
	size_t left = sizeof arena - (size_t)(arena_next - arena);

	return (struct buf){ .data = arena_next, .size = left, .max = left - 1, .fixed = true };
}

void arena_keep(const struct buf *b)
{
	arena_next += b->len + 1;
}

void arena_wipe(void)
{
	explicit_bzero(arena, (size_t)(arena_next - arena));
}

// Whether the administrator, or the profile, wants to know of each cached token that is given out: sk-core tells.
static bool hit_is_audited(const struct profile *profile)
{
	struct buf text = arena_take();
	struct system_config config;

	(void)system_config_load(&config, &text, NULL);
	return system_config_audit(&config, profile) == AUDIT_ALL;
}

bool hit_find(struct hit *hit, struct request *request)
{
	const struct profile *profile = &hit->profile;
	struct buf record = arena_take();
	char slot[TOKEN_SLOT_SIZE];
	struct keyring_key key;

	bool is_kernel = !strcmp(profile->token_cache, "kernel");

	if (request->fresh || request->wwwauth_count || request->http_status ||
	    (!is_kernel && strcmp(profile->token_cache, "runtime") != 0) ||
	    request_resolve(request, profile, NULL) != STATUS_OK)
		return false;
	token_slot(slot, profile, request);
	key = keyring_key(KEYRING_TOKEN, profile, slot);
	if ((is_kernel ? kernel_get : runtime_get_record)(&key, &record, NULL) != STATUS_OK)
		return false;
	arena_keep(&record);
	if (!token_parse(&hit->token, record.data, record.len) || !token_is_for(&hit->token, profile, request))
		return false;
	// no boot id: nothing in memory is older than the boot
	hit->answer = (struct answer){ .profile = profile, .token = &hit->token, .now = clock_now() };
	hit->answer.left = token_left(&hit->token, hit->answer.now, NULL);
	hit->freshness = token_freshness(&hit->token, hit->answer.now, NULL, request->min_ttl);
	if (request->long_lived ? hit->freshness != TOKEN_FRESH : hit->freshness == TOKEN_STALE)
		return false;
	return !hit_is_audited(profile);
}

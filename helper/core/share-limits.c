// SPDX-License-Identifier: MIT
#include "core/share-limits.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"

#define FRESH_AGAIN_MS 10000
#define RENEWAL_MS     10000 // what a new token costs
#define CREDIT_MS      60000

enum status share_limits_check_renewal(struct share_limits *limits, bool fresh, struct err *err)
{
	int64_t now = clock_now().boot, wait = limits->renewals_at - CREDIT_MS - now;

	if (fresh && limits->fresh_at && limits->fresh_at + FRESH_AGAIN_MS - now > wait)
		wait = limits->fresh_at + FRESH_AGAIN_MS - now;
	if (wait > 0)
		return err_set(err, STATUS_TEMPORARY,
			       "profile '%s': new tokens were asked for too often: the next one in %lld s", limits->name,
			       (long long)(wait + 999) / 1000);
	if (fresh)
		limits->fresh_at = now;
	return STATUS_OK;
}

enum status share_limits_check_kind(struct share_limits *limits, const struct request *request, const struct profile *profile,
				    struct err *err)
{
	BUF_AUTO(both, 2 * REQUEST_MAX);
	uint64_t hash;

	if ((!request->scope || text_same(request->scope, profile->scope)) &&
	    (!request->resource || text_same(request->resource, profile->resource)))
		return STATUS_OK;
	buf_adds(&both, request->scope ? request->scope : "");
	buf_addc(&both, '\n');
	buf_adds(&both, request->resource ? request->resource : "");
	hash = text_hash(both.data);
	for (size_t i = 0; i < limits->kind_count; i++) {
		if (limits->kinds[i] == hash)
			return STATUS_OK;
	}
	if (limits->kind_count == SHARE_KINDS_MAX)
		return err_set(err, STATUS_POLICY, "profile '%s': tokens of more than %d scopes and resources were asked for",
			       profile->name, SHARE_KINDS_MAX);
	limits->kinds[limits->kind_count++] = hash;
	return STATUS_OK;
}

void share_limits_note(struct share_limits *limits, const char *token)
{
	int64_t now = clock_now().boot;
	uint64_t hash = text_hash(token);

	for (size_t i = 0; i < SHARE_SEEN_MAX; i++) {
		if (limits->seen_count && limits->seen[i] == hash)
			return;
	}
	limits->seen[limits->seen_count++ % SHARE_SEEN_MAX] = hash;
	limits->renewals_at = (limits->renewals_at > now ? limits->renewals_at : now) + RENEWAL_MS;
	if (limits->renewals_at > now + CREDIT_MS + RENEWAL_MS)
		limits->renewals_at = now + CREDIT_MS + RENEWAL_MS;
}

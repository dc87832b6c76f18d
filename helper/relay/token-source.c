// SPDX-License-Identifier: MIT
#include "relay/token-source.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

#define ASK_AGAIN_MS   1000
#define RENEW_AGAIN_MS 30000

enum token_state token_source_state(const struct token_source *source, enum token_need need, unsigned refused_generation, int64_t since)
{
	bool failed = source->answered && source->failure != STATUS_OK && source->answered_at >= since;

	if (source->last)
		return source->generation && need == NEED_TOKEN ? TOKEN_READY : TOKEN_NOT_HAD;
	if (source->asking)
		return TOKEN_AWAITED;
	if (failed)
		return TOKEN_NOT_HAD;
	if (source->generation == 0)
		return TOKEN_WANTED;
	if (need == NEED_NEW_TOKEN)
		return source->generation > refused_generation ? TOKEN_READY : TOKEN_WANTED;
	return clock_now().boot - source->answered_at < ASK_AGAIN_MS && source->failure == STATUS_OK ? TOKEN_READY : TOKEN_WANTED;
}

void token_source_ask(struct token_source *source, const struct buf *lines)
{
	source->asking = true;
	source->asking_renewal = lines != NULL;
	if (core_ask(source->profile, lines))
		return;
	token_source_take(source, &(struct core_answer){ STATUS_INTERNAL, "sk-core cannot be asked", "" });
}

void token_source_take(struct token_source *source, const struct core_answer *answer)
{
	source->asking = false;
	source->answered = true;
	source->answered_at = clock_now().boot;
	source->failure = answer->status;
	(void)snprintf(source->why, sizeof source->why, "%s", answer->message);
	if (answer->status != STATUS_OK)
		return;
	if (source->generation == 0 || strcmp(source->token.data, answer->credential) != 0) {
		source->generation++;
		buf_reset(&source->token);
		buf_adds(&source->token, answer->credential);
	} else if (source->asking_renewal) {
		source->failure = STATUS_REFUSED;
		(void)snprintf(source->why, sizeof source->why, "the authorization server issues the same token again");
	}
	if (source->asking_renewal) {
		source->renewed_generation = source->generation;
		source->renewed_at = clock_now().boot;
	}
}

bool token_source_may_renew(const struct token_source *source, unsigned generation)
{
	return source->renewed_generation == 0 || generation < source->renewed_generation ||
	       clock_now().boot - source->renewed_at >= RENEW_AGAIN_MS;
}

void token_source_free(struct token_source *source)
{
	buf_free(&source->token);
}

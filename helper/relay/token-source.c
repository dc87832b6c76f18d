// SPDX-License-Identifier: MIT
#include "relay/token-source.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

#define ASK_AGAIN_MS   1000
#define RENEW_AGAIN_MS 30000

// Whether the last question's answer is for this request, too. That to a wider scope is for the one alone that has asked for it.
static bool token_source_answered(const struct token_source *source, const struct token_wait *wait)
{
	return source->answered_at && source->answered_at >= wait->since && source->asked_for == wait->need &&
	       (wait->need != NEED_SCOPE || source->asked_by == wait->who);
}

static bool token_source_is_ready(const struct token_source *source, const struct token_wait *wait)
{
	switch (wait->need) {
	case NEED_SCOPE:
		return token_source_answered(source, wait) && source->failure == STATUS_OK;
	case NEED_RENEWAL:
		return source->generation > wait->refused_generation;
	default:
		return source->generation && clock_now().boot - source->token_at < ASK_AGAIN_MS;
	}
}

enum token_state token_source_state(const struct token_source *source, const struct token_wait *wait)
{
	if (source->last)
		return source->generation && wait->need == NEED_TOKEN ? TOKEN_READY : TOKEN_FAILED;
	if (source->asking)
		return TOKEN_AWAITED;
	if (token_source_is_ready(source, wait))
		return TOKEN_READY;
	return token_source_answered(source, wait) && source->failure != STATUS_OK ? TOKEN_FAILED : TOKEN_WANTED;
}

void token_source_ask(struct token_source *source, const struct token_wait *wait, const struct buf *lines)
{
	source->asking = true;
	source->asked_for = wait->need;
	source->asked_by = wait->who;
	if (!core_ask(source->profile, lines))
		token_source_take(source, &(struct core_answer){
						  STATUS_INTERNAL,
						  "the sk-helper process that gets tokens has ended: start it again", "", "" });
}

void token_source_take(struct token_source *source, const struct core_answer *answer)
{
	bool is_new = !source->generation || strcmp(source->token.data, answer->credential) != 0;

	source->asking = false;
	source->answered_at = clock_now().boot;
	source->failure = answer->status;
	(void)snprintf(source->why, sizeof source->why, "%s", answer->message);
	// also where there is none: the authorization server is not asked again for each request
	if (source->asked_for == NEED_RENEWAL) {
		source->renewed_generation = source->generation;
		source->renewed_at = source->answered_at;
	}
	if (answer->status != STATUS_OK)
		return;
	if (!is_new && source->asked_for != NEED_TOKEN) {
		source->failure = STATUS_REFUSED;
		(void)snprintf(source->why, sizeof source->why,
			       "the server refused the token, and the authorization server issues the same one again");
		return;
	}
	source->token_at = source->answered_at;
	if (is_new) {
		source->generation++;
		buf_reset(&source->token);
		buf_adds(&source->token, answer->credential);
	}
	if (source->asked_for == NEED_RENEWAL)
		source->renewed_generation = source->generation;
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

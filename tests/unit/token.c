// SPDX-License-Identifier: MIT
#include "model/token.h"
#include "model/request.h"
#include "test.h"

#include <stddef.h>

#define START 1800000000

static struct token token_of(int64_t lifetime)
{
	return (struct token){
		.access_token = "abc",
		.granted_scope = "a",
		.issued_at = START,
		.expires_at = START + lifetime,
		.boot_expires_ms = 5000000 + lifetime * 1000,
		.boot_id = "boot",
		.token_endpoint = "https://as.example.com/token",
		.issuer = "",
		.client_id = "m2m_1",
		.auth_method = "client_secret_post",
		.resource = "",
		.audience = "",
		.requested_scope = "a",
	};
}

// So many seconds after it was issued, on both clocks.
static struct moment after(int64_t seconds)
{
	return (struct moment){ START + seconds, 5000000 + seconds * 1000 };
}

static void follows_the_freshness_rule(void)
{
	static const struct {
		int64_t lifetime, age, min_ttl;
		enum freshness is;
	} cases[] = {
		{ 3600, 0, 0, TOKEN_FRESH },	  { 3600, 2700, 0, TOKEN_FRESH },   { 3600, 3000, 0, TOKEN_AGING },
		{ 3600, 3540, 0, TOKEN_AGING },	  { 3600, 3541, 0, TOKEN_STALE },   { 3600, 3700, 0, TOKEN_STALE },
		{ 300, 270, 0, TOKEN_AGING },	  { 300, 271, 0, TOKEN_STALE },	    { 100, 90, 0, TOKEN_AGING },
		{ 100, 91, 0, TOKEN_STALE },	  { 10, 0, 0, TOKEN_AGING },	    { 10, 1, 0, TOKEN_STALE },
		{ 5, 0, 0, TOKEN_STALE },	  { 3600, 0, 3600, TOKEN_FRESH },   { 3600, 1, 3600, TOKEN_STALE },
		{ 3600, 100, 3500, TOKEN_FRESH }, { 3600, 3000, 5, TOKEN_AGING },   { 3600, 3541, 5, TOKEN_STALE },
		{ 86400, 86340, 0, TOKEN_AGING }, { 86400, 86341, 0, TOKEN_STALE },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct token token = token_of(cases[i].lifetime);
		enum freshness is = token_freshness(&token, after(cases[i].age), "boot", cases[i].min_ttl);

		// a lifetime of 10 s is all margin and window: what "aging" means there does not matter
		if (is != cases[i].is && !(cases[i].lifetime == 10 && is != TOKEN_STALE)) {
			fprintf(stderr, "case %zu: %d\n", i, is);
			CHECK(false);
		}
	}
}

// The age from which on a token is renewed.
static int64_t renewed_at(const struct token *token)
{
	int64_t age = 0;

	while (token_freshness(token, after(age), "boot", 0) == TOKEN_FRESH)
		age++;
	return age;
}

static void the_first_renewals_are_spread(void)
{
	int64_t least = 10000, most = 0, tenths[10] = { 0 };

	for (uint32_t i = 0; i < 8000; i++) {
		struct token token = token_of(1000);
		int64_t age;

		token_plan_renewal(&token, NULL, i * 2654435761U);
		age = token.renew_after;
		CHECK(i % 1000 || renewed_at(&token) == age);
		least = age < least ? age : least;
		most = age > most ? age : most;
		tenths[age / 100]++;
	}
	CHECK(least >= 100 && least < 110 && most <= 880 && most > 870);
	for (int i = 1; i < 8; i++)
		CHECK(tenths[i] > 900 && tenths[i] < 1150);
}

// Each in a random moment of its own, and then for ever at the same distance.
static void each_next_renewal_keeps_its_time(void)
{
	struct token first = token_of(3600), next;
	int64_t due;

	token_plan_renewal(&first, NULL, 1000);
	due = first.renew_after;
	CHECK(due == 360 + 1000);
	// in time; noticed late; hours late
	for (int64_t late = 0; late < 20000; late += 777) {
		next = token_of(3600);
		next.issued_at += due + late;
		next.expires_at += due + late;
		next.boot_expires_ms += (due + late) * 1000;
		token_plan_renewal(&next, &first, 5);
		CHECK(next.renew_after >= 360 && next.renew_after < 3240);
		CHECK((late + next.renew_after) % 2880 == 0);
	}
	// another boot's clock says nothing
	next = token_of(3600);
	next.boot_id = "other";
	token_plan_renewal(&next, &first, 7);
	CHECK(next.renew_after == 367);
}

static void short_lives_are_planned_too(void)
{
	for (int64_t lifetime = 1; lifetime < 700; lifetime++) {
		struct token token = token_of(lifetime);

		for (uint32_t random = 0; random < 3000; random += 100) {
			token_plan_renewal(&token, NULL, random);
			CHECK(token.renew_after == lifetime || token.renew_after <= lifetime - 2 * token_margin(&token));
			CHECK(token.renew_after == lifetime || lifetime >= 39);
			CHECK(lifetime < 12 || token_freshness(&token, after(0), "boot", 0) == TOKEN_FRESH);
		}
	}
}

static void a_failed_renewal_is_tried_again_in_time(void)
{
	int64_t least = INT64_MAX, most = 0;

	for (uint32_t i = 0; i < 1000; i++) {
		int64_t pause = token_renewal_pause_ms(600, i * 2654435761U);

		least = pause < least ? pause : least;
		most = pause > most ? pause : most;
	}
	CHECK(least >= 150000 && least < 155000 && most < 450000 && most > 445000);
	// long lives: within an hour, and not all after an hour
	CHECK(token_renewal_pause_ms(72000, 5) < 1300000 && token_renewal_pause_ms(72000, 2399999) > 3500000);
	CHECK(token_renewal_pause_ms(0, 12345) >= 10000 && token_renewal_pause_ms(0, 54321) <= 30000);
}

static void a_clock_that_is_stepped_does_no_harm(void)
{
	struct token token = token_of(3600);

	// the wall clock set back by an hour: boot time knows better
	CHECK(token_freshness(&token, (struct moment){ START, 5000000 + 3600000 }, "boot", 0) == TOKEN_STALE);
	// set forward: stale, and asked for anew
	CHECK(token_freshness(&token, (struct moment){ START + 9999, 5000000 }, "boot", 0) == TOKEN_STALE);
	// another boot: its boot time means nothing
	CHECK(token_freshness(&token, (struct moment){ START + 10, 0 }, "other", 0) == TOKEN_FRESH);
	CHECK(token_freshness(&token, (struct moment){ START + 10, 99999999999 }, "other", 0) == TOKEN_FRESH);
	// another boot, and a clock from before the token was issued
	CHECK(token_freshness(&token, (struct moment){ START - 10, 0 }, "other", 0) == TOKEN_STALE);
}

static void tells_tools_to_come_early(void)
{
	struct token token = token_of(3600);

	CHECK(token_expiry_for_tools(&token, after(0)) == START + 3540);
	CHECK(token_expiry_for_tools(&token, after(3540)) == START + 3600);
	CHECK(token_issued_since(&token, after(0), "boot") && !token_issued_since(&token, after(1), "boot"));
	// its clock was another one
	CHECK(!token_issued_since(&token, after(0), "other"));
}

static bool is_for(const struct token *token, const struct profile *profile, const char *scope)
{
	return token_is_for(token, profile, &(struct request){ .scope = scope, .resource = profile->resource });
}

static void survives_the_record(void)
{
	struct token token = token_of(3600), back;
	BUF_AUTO(b, TOKEN_RECORD_MAX);
	struct profile profile = { .token_endpoint = "https://as.example.com/token",
				   .client_id = "m2m_1",
				   .auth_method = "client_secret_post",
				   .scope = "a" };

	token_write(&token, &b);
	CHECK(buf_ok(&b) && token_parse(&back, b.data, b.len));
	CHECK_TEXT(back.access_token, "abc");
	CHECK(back.boot_expires_ms == token.boot_expires_ms && back.issued_at == START);
	CHECK(is_for(&back, &profile, "a"));
	CHECK(!is_for(&back, &profile, "a b") && !is_for(&back, &profile, NULL));
	profile.client_id = "m2m_2";
	CHECK(!is_for(&back, &profile, "a"));
	profile.client_id = "m2m_1";
	profile.audience = "x";
	CHECK(!is_for(&back, &profile, "a"));
}

static void is_bound_to_all_that_it_was_issued_for(void)
{
	const struct profile given = { .path = "/home/u/todo.conf",
				       .token_endpoint = "https://as.example.com/token",
				       .issuer = "https://as.example.com",
				       .client_id = "m2m_1",
				       .auth_method = "client_secret_post",
				       .audience = "aud",
				       .scope = "a",
				       .resource = "https://mcp.example.com/" };
	const struct request request = request_of(&given);
	static const size_t members[] = { offsetof(struct profile, path),	 offsetof(struct profile, token_endpoint),
					  offsetof(struct profile, issuer),	 offsetof(struct profile, client_id),
					  offsetof(struct profile, auth_method), offsetof(struct profile, audience) };
	struct request other;
	struct token token;

	token_bind(&token, &given, &request);
	CHECK(token_is_for(&token, &given, &request));
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		struct profile now = given;

		*(const char **)((char *)&now + members[i]) = "another";
		CHECK(!token_is_for(&token, &now, &request));
		*(const char **)((char *)&now + members[i]) = NULL;
		CHECK(!token_is_for(&token, &now, &request));
	}
	other = request;
	other.scope = "b";
	CHECK(!token_is_for(&token, &given, &other));
	other = request;
	other.resource = NULL;
	CHECK(!token_is_for(&token, &given, &other));
}

static void a_damaged_record_is_a_miss(void)
{
	struct token token = token_of(3600), back;
	BUF_AUTO(whole, TOKEN_RECORD_MAX);

	token_write(&token, &whole);
	for (size_t len = 0; len < whole.len; len++) {
		char copy[1024];

		memcpy(copy, whole.data, len);
		copy[len] = '\0';
		CHECK(!token_parse(&back, copy, len));
	}
	CHECK(!token_parse(&back, (char[]){ "access_token=abc\n" }, 17));
	CHECK(!token_parse(&back, (char[]){ "issued_at=1\nexpires_at=99999999999\naccess_token=abc\n" }, 51));
	CHECK(!token_parse(&back, (char[]){ "issued_at=x\nexpires_at=2\naccess_token=abc\n" }, 41));
}

static void the_slot_is_what_is_wanted(void)
{
	struct profile profile = { .scope = "a b" };
	char usual[TOKEN_SLOT_SIZE], other[TOKEN_SLOT_SIZE], none[TOKEN_SLOT_SIZE];

	token_slot(usual, &profile, &(struct request){ .scope = "a b", .resource = NULL });
	token_slot(other, &profile, &(struct request){ .scope = "a", .resource = NULL });
	token_slot(none, &profile, &(struct request){ .scope = NULL, .resource = NULL });
	CHECK_TEXT(usual, "");
	CHECK(strlen(other) == 16 && strlen(none) == 16 && strcmp(other, none) != 0);
	token_slot(other, &profile, &(struct request){ .scope = "a b", .resource = "https://a.example.com/" });
	CHECK(strlen(other) == 16 && strcmp(other, none) != 0);
}

int main(void)
{
	follows_the_freshness_rule();
	the_first_renewals_are_spread();
	each_next_renewal_keeps_its_time();
	short_lives_are_planned_too();
	a_failed_renewal_is_tried_again_in_time();
	a_clock_that_is_stepped_does_no_harm();
	tells_tools_to_come_early();
	survives_the_record();
	is_bound_to_all_that_it_was_issued_for();
	a_damaged_record_is_a_miss();
	the_slot_is_what_is_wanted();
	TEST_END;
}

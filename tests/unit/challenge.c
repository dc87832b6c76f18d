// SPDX-License-Identifier: MIT
#include "model/challenge.h"
#include "test.h"

static void reads_bearer_challenges(void)
{
	static const struct {
		const char *header;
		bool found;
		const char *scope, *error, *metadata;
	} cases[] = {
		{ "Bearer", true, "", "", "" },
		{ "bearer scope=\"a b\"", true, "a b", "", "" },
		{ "Bearer scope=a, error=\"invalid_token\"", true, "a", "invalid_token", "" },
		{ "Bearer realm=\"x, Bearer scope=\\\"no\\\"\", scope=\"yes\"", true, "yes", "", "" },
		{ "Bearer error=\"insufficient_scope\",scope=\"a\",,resource_metadata=\"https://a/x\"", true, "a",
		  "insufficient_scope", "https://a/x" },
		{ "Basic realm=\"x\", Bearer scope=\"a\"", true, "a", "", "" },
		{ "Negotiate, Bearer scope=\"a\"", true, "a", "", "" },
		{ "Negotiate YWJj/d==, Bearer scope=\"a\"", true, "a", "", "" },
		{ "Bearer scope=\"a\", Bearer scope=\"b\"", true, "a", "", "" },
		{ "Bearer scope=\"a\", Basic realm=\"b\"", true, "a", "", "" },
		{ "Bearer scope = \"a\"", true, "a", "", "" },
		{ "Bearer realm=\"\", Scope=\"a\"", true, "a", "", "" },
		{ "", false, "", "", "" },
		{ "Basic realm=\"Bearer\"", false, "", "", "" },
		{ "DPoP algs=\"ES256\"", false, "", "", "" },
		{ "Bearer scope=\"a\", scope=\"b\"", false, "", "", "" },
		{ "Bearer scope=\"a", false, "", "", "" },
		{ "Bearer scope=\"a\\", false, "", "", "" },
		{ "Bearer scope=\"a\nb\"", false, "", "", "" },
		{ "Bearer scope=\" a\"", false, "", "", "" },
		{ "Bearer scope=\"a\" error=\"b\"", false, "", "", "" },
		{ "Bearer error=\"a b\"", false, "", "", "" },
		{ "Basic realm=\"open, Bearer scope=\"a\"", false, "", "", "" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct challenge challenge;
		bool found = challenge_parse(&challenge, cases[i].header);

		if (found != cases[i].found || strcmp(challenge.scope, cases[i].scope) != 0 ||
		    strcmp(challenge.error, cases[i].error) != 0 ||
		    strcmp(challenge.resource_metadata, cases[i].metadata) != 0) {
			printf("# %s: %d scope '%s' error '%s' metadata '%s'\n", cases[i].header, found, challenge.scope,
			       challenge.error, challenge.resource_metadata);
			CHECK(false);
		}
	}
}

static void too_long_is_none(void)
{
	static char header[CHALLENGE_SCOPE_MAX + 200];
	struct challenge challenge;

	(void)snprintf(header, sizeof header, "Bearer scope=\"%0*d\"", CHALLENGE_SCOPE_MAX, 7);
	CHECK(challenge_parse(&challenge, header));
	(void)snprintf(header, sizeof header, "Bearer scope=\"%0*d\"", CHALLENGE_SCOPE_MAX + 1, 7);
	CHECK(!challenge_parse(&challenge, header));
}

int main(void)
{
	reads_bearer_challenges();
	too_long_is_none();
	TEST_END;
}

// SPDX-License-Identifier: MIT
#include "model/request.h"
#include "protocols/protocols.h"
#include "test.h"

static enum status from_args(struct request *request, struct err *err, char **args)
{
	return request_from_args(request, args, err);
}
#define ARGS(...) ((char *[]){ __VA_ARGS__, NULL })

static void takes_arguments(void)
{
	struct request r;
	struct err err;

	CHECK(request_from_args(&r, (char *[]){ NULL }, &err) == STATUS_OK && !r.profile && !r.url && !r.from_stdin);
	CHECK_TEXT(protocol_of(&r)->name, "token");
	CHECK(from_args(&r, &err, ARGS("todo", "--format=json", "--min-ttl", "60", "--fresh")) == STATUS_OK);
	CHECK_TEXT(r.profile, "todo");
	CHECK_TEXT(protocol_of(&r)->name, "json");
	CHECK(r.min_ttl == 60 && r.fresh);
	CHECK(from_args(&r, &err, ARGS("https://a.com/x", "--scope", "a b")) == STATUS_OK);
	CHECK_TEXT(r.url, "https://a.com/x");
	CHECK_TEXT(r.scope, "a b");
	CHECK(from_args(&r, &err, ARGS("-")) == STATUS_OK && r.from_stdin && protocol_of(&r) == &protocol_native);
	CHECK(from_args(&r, &err, ARGS("--", "todo")) == STATUS_OK);
	CHECK(from_args(&r, &err, ARGS("--format")) == STATUS_USAGE);
	// a tool's, or nobody's: core knows
	CHECK(from_args(&r, &err, ARGS("--format", "xml")) == STATUS_OK && !protocol_of(&r));
	CHECK_TEXT(r.format, "xml");
	CHECK(from_args(&r, &err, ARGS("todo", "https://a.com/x")) == STATUS_OK);
	CHECK_TEXT(r.profile, "todo");
	CHECK_TEXT(r.url, "https://a.com/x");
	CHECK(from_args(&r, &err, ARGS("https://a.com/", "https://a.com/")) == STATUS_USAGE);
	CHECK(from_args(&r, &err, ARGS("--min-ttl", "-1")) == STATUS_USAGE);
	CHECK(from_args(&r, &err, ARGS("--min-ttl", "99999999999999999999")) == STATUS_USAGE);
	CHECK(from_args(&r, &err, ARGS("--scope", "")) == STATUS_OK && !*r.scope);
	CHECK(from_args(&r, &err, ARGS("--formats=json")) == STATUS_USAGE);
	CHECK(from_args(&r, &err, ARGS("--fo", "json")) == STATUS_USAGE);
	CHECK(from_args(&r, &err, ARGS("one", "two")) == STATUS_USAGE);
	CHECK(from_args(&r, &err, ARGS("-", "--format", "json")) == STATUS_USAGE);
}

static enum status parse(struct request *r, const char *source, struct err *err)
{
	static char text[1024];

	*r = (struct request){ 0 };
	strcpy(text, source);
	return request_parse(r, text, strlen(text), err);
}

static void takes_a_message(void)
{
	struct request r;
	struct err err;

	CHECK(parse(&r, "profile=todo\nscope=a\nmin_ttl=5\nunknown=1\n\nprofile=evil\n", &err) == STATUS_OK);
	CHECK_TEXT(r.profile, "todo");
	CHECK(r.min_ttl == 5);
	CHECK(parse(&r, "profile=todo\nprofile=evil\n", &err) == STATUS_USAGE);
	CHECK(parse(&r, "profile=../etc\n", &err) == STATUS_USAGE);
	CHECK(parse(&r, "url=\n", &err) == STATUS_USAGE);
	CHECK(parse(&r, "profile=todo\r\n", &err) == STATUS_USAGE);
	CHECK(parse(&r, "min_ttl=x\n", &err) == STATUS_USAGE);
	CHECK(parse(&r, "protocol=HTTPS\nhost=a.com:8\npath=x/y\ncapability[]=authtype\nstate[]=sk:1\n", &err) == STATUS_OK);
	CHECK_TEXT(r.url, "HTTPS://a.com:8/x/y");
	CHECK(r.takes_bearer && !r.keeps_state && r.state);
	CHECK(parse(&r, "protocol=https://good.com/x/\nhost=evil.com\n", &err) == STATUS_USAGE);
	CHECK(parse(&r, "protocol=https\nhost=good.com/x\n", &err) == STATUS_USAGE);
}

static void reads_what_an_asker_was_told(void)
{
	struct profile profile = {
		.name = "p", .scope = "a", .resource = "urn:x", .urls = { "https://a.com/x" }, .url_count = 1
	};
	struct request r = { 0 };
	struct err err;

	CHECK(parse(&r, "url=https://a.com/\nwwwauth[]=Basic\nwwwauth[]=\nwwwauth[]=Bearer\nwwwauth[]=Bearer scope=\"a\"\n",
		    &err) == STATUS_OK);
	CHECK(r.wwwauth_count == 2);
	CHECK_TEXT(r.wwwauth[0], "Bearer");
	CHECK(request_resolve(&r, &profile, &err) == STATUS_OK);
	CHECK_TEXT(r.scope, "a");
	CHECK_TEXT(r.resource, "urn:x");
	r = (struct request){ 0 };
	CHECK(parse(&r, "profile=p\nscope=b\nresource=https://a.com/x/y\n", &err) == STATUS_OK);
	CHECK(request_resolve(&r, &profile, &err) == STATUS_OK);
	CHECK_TEXT(r.scope, "b");
	CHECK_TEXT(r.resource, "https://a.com/x/y");
	r.resource = "https://evil.com/x";
	CHECK(request_resolve(&r, &profile, &err) == STATUS_POLICY);
	r.resource = "urn:y";
	CHECK(request_resolve(&r, &profile, &err) == STATUS_POLICY);
}

int main(void)
{
	takes_arguments();
	takes_a_message();
	reads_what_an_asker_was_told();
	TEST_END;
}

// SPDX-License-Identifier: MIT
#include "model/request.h"

#include "base/percent.h"
#include "base/text.h"
#include "base/wire.h"

#include <stddef.h>
#include <string.h>

struct request request_of(const struct profile *profile)
{
	return (struct request){ .scope = profile->scope, .resource = profile->resource };
}

static enum status request_parse_url(struct url *target, const char *url, struct err *err)
{
	enum status status = url_parse(target, url, err);

	if (status == STATUS_OK && !url_is_safe(target))
		status = err_set(err, STATUS_POLICY,
				 "URL '%.*s' is plain http: a token goes over https only, or over http to this machine itself",
				 url_shown(url), url);
	return status;
}

void request_set_url(struct request *request, const char *url)
{
	request->url = url;
	request->url_status = request_parse_url(&request->target, url, NULL);
}

enum status request_check_url(const struct request *request, struct err *err)
{
	struct url target;

	if (!request->url || request->url_status == STATUS_OK)
		return STATUS_OK;
	return request_parse_url(&target, request->url, err);
}

// What is a profile's key, too, is checked as that.
static enum status set_as_key(const char *key, const char **place, const char *value, struct err *err)
{
	enum status status = profile_key_find(key)->check(value, err);

	if (status != STATUS_OK)
		err_prefix(err, "%s", key);
	else
		*place = value;
	return status;
}

static enum status set_scope(struct request *request, const char *value, struct err *err)
{
	return set_as_key("scope", &request->scope, value, err);
}

static enum status set_min_ttl(struct request *request, const char *value, struct err *err)
{
	if (!text_to_number(value, 0, REQUEST_MIN_TTL_MAX, &request->min_ttl))
		return err_set(err, STATUS_USAGE, "min-ttl: '%s' is not a number of seconds from 0 to %d", value,
			       REQUEST_MIN_TTL_MAX);
	return STATUS_OK;
}

// --- the command line

const struct option request_options[] = {
	{ "--format", "FORMAT", "how to print it" },
	{ "--scope", "SCOPES", "ask for these scopes instead of the profile's" },
	{ "--min-ttl", "SECONDS", "a token that is good for at least so long" },
	{ "--fresh", NULL, "a new token, whatever is cached" },
	{ "--prompt", NULL, "let the program that gives the secret ask on this terminal (secret_command)" },
	{ "--quiet", NULL, "do not warn that the token is shown on the terminal" },
	{ NULL, NULL, NULL },
};

const struct option exec_options[] = {
	{ "--env", "VARIABLE[=NAME]",
	  "the variable and the profile whose token it gets; may be repeated (default: ACCESS_TOKEN)" },
	{ NULL, NULL, NULL },
};

static enum status set_target(struct request *request, const char *value, struct err *err)
{
	bool is_url = strstr(value, "://") != NULL;

	if (request->from_stdin || (is_url ? request->url : request->profile) ||
	    (!strcmp(value, "-") && (request->profile || request->url)))
		return err_set(err, STATUS_USAGE, "get takes one profile and one URL, not also '%s'", value);
	// "$URL" of a variable that is not set: never the default profile's token
	if (!*value)
		return err_set(err, STATUS_USAGE, "get: the name or URL is empty: is a variable not set?");
	if (!strcmp(value, "-"))
		request->from_stdin = true;
	else if (is_url)
		request_set_url(request, value);
	else
		request->profile = value;
	return STATUS_OK;
}

static enum status request_take_word(void *context, const char *option, const char *value, struct err *err)
{
	struct request *request = context;

	if (!option)
		return set_target(request, value, err);
	if (!strcmp(option, "--format"))
		request->format = value;
	else if (!strcmp(option, "--scope"))
		return set_scope(request, value, err);
	else if (!strcmp(option, "--min-ttl"))
		return set_min_ttl(request, value, err);
	else if (!strcmp(option, "--fresh"))
		request->fresh = true;
	else if (!strcmp(option, "--prompt"))
		request->prompts = true;
	else if (!strcmp(option, "--quiet"))
		request->quiet = true;
	return STATUS_OK;
}

enum status request_from_args(struct request *request, char **args, struct err *err)
{
	const struct options options = { "get", request_options, false };
	enum status status;

	*request = (struct request){ .usage = "get NAME" };
	status = options_parse(&options, &args, request_take_word, request, err);
	if (status == STATUS_OK && request->from_stdin && request->format)
		return err_set(err, STATUS_USAGE, "'get -' answers in key=value lines: --format cannot be used with it");
	return status;
}

// --- lines of key=value

static enum status set_profile(struct request *request, const char *value, struct err *err)
{
	if (!profile_name_ok(value))
		return err_set(err, STATUS_USAGE, "profile: not a profile's name");
	request->profile = value;
	return STATUS_OK;
}

static enum status set_url(struct request *request, const char *value, struct err *err)
{
	(void)err;
	request_set_url(request, value);
	return STATUS_OK;
}

// And no more: the rest of "https://api.example.com/x" would be the host to one reader, and the path to another.
static enum status set_scheme(struct request *request, const char *value, struct err *err)
{
	if (strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+.-") != strlen(value))
		return err_set(err, STATUS_USAGE, "protocol: it must be the name of a protocol alone, such as https");
	request->scheme = value;
	return STATUS_OK;
}

// "host:port", and not more: what is behind a slash in it would be the path to one reader and the host to another.
static enum status set_host(struct request *request, const char *value, struct err *err)
{
	if (strpbrk(value, "/?#@\\"))
		return err_set(err, STATUS_USAGE, "host: it must be a host name and, if needed, a port, and nothing else");
	request->host = value;
	return STATUS_OK;
}

static enum status set_path(struct request *request, const char *value, struct err *err)
{
	(void)err;
	request->path = value;
	return STATUS_OK;
}

static enum status set_credential(struct request *request, const char *value, struct err *err)
{
	(void)err;
	request->credential = value;
	return STATUS_OK;
}

static enum status set_credential_sha256(struct request *request, const char *value, struct err *err)
{
	if (strlen(value) != 64 || strspn(value, "0123456789abcdef") != 64)
		return err_set(err, STATUS_USAGE, "credential_sha256: it must be 64 small hexadecimal digits");
	request->credential_sha256 = value;
	return STATUS_OK;
}

static enum status set_http_status(struct request *request, const char *value, struct err *err)
{
	if (!text_to_number(value, 100, 599, &request->http_status))
		return err_set(err, STATUS_USAGE, "http_status: it must be a number from 100 to 599");
	return STATUS_OK;
}

static enum status set_fresh(struct request *request, const char *value, struct err *err)
{
	if (strcmp(value, "yes") != 0)
		return err_set(err, STATUS_USAGE, "fresh: it can only be yes");
	request->fresh = true;
	return STATUS_OK;
}

static enum status set_resource(struct request *request, const char *value, struct err *err)
{
	return set_as_key("resource", &request->resource, value, err);
}

static enum status set_asker(struct request *request, const char *value, struct err *err)
{
	(void)err;
	request->asker = value;
	return STATUS_OK;
}

static enum status set_username(struct request *request, const char *value, struct err *err)
{
	(void)err;
	request->username = value;
	return STATUS_OK;
}

static enum status add_capability(struct request *request, const char *value, struct err *err)
{
	(void)err;
	request->takes_bearer = request->takes_bearer || !strcmp(value, "authtype");
	request->keeps_state = request->keeps_state || !strcmp(value, "state");
	return STATUS_OK;
}

static enum status add_state(struct request *request, const char *value, struct err *err)
{
	(void)err;
	if (text_starts(value, REQUEST_STATE))
		request->state = value;
	return STATUS_OK;
}

// More of them than there is room for say nothing new.
static enum status add_wwwauth(struct request *request, const char *value, struct err *err)
{
	(void)err;
	if (request->wwwauth_count < REQUEST_CHALLENGES_MAX)
		request->wwwauth[request->wwwauth_count++] = value;
	return STATUS_OK;
}

static const struct {
	const char *key;
	enum status (*set)(struct request *request, const char *value, struct err *err);
	bool repeatable; // and an empty value forgets those before, as git has it
} request_keys[] = {
	{ "profile", set_profile, false },
	{ "url", set_url, false },
	{ "scope", set_scope, false },
	{ "resource", set_resource, false },
	{ "min_ttl", set_min_ttl, false },
	{ "fresh", set_fresh, false },
	{ "credential", set_credential, false },
	{ "credential_sha256", set_credential_sha256, false },
	{ "http_status", set_http_status, false },
	{ "wwwauth[]", add_wwwauth, true },
	{ "protocol", set_scheme, false },
	{ "host", set_host, false },
	{ "path", set_path, false },
	{ "username", set_username, false },
	{ "asker", set_asker, false },
	{ "password", set_credential, false },
	{ "capability[]", add_capability, true },
	{ "state[]", add_state, true },
};

// A host that is asked for and not looked at would get the default profile's token.
static enum status join_url(struct request *request, struct err *err)
{
	struct buf url = BUF_FIXED(request->joined);

	if (!request->scheme && !request->host && !request->path)
		return STATUS_OK;
	if (request->url)
		return err_set(err, STATUS_USAGE, "give either url, or protocol, host and path");
	if (!request->scheme || !request->host)
		return err_set(err, STATUS_USAGE, "protocol and host must be given together");
	buf_adds(&url, request->scheme);
	buf_adds(&url, "://");
	buf_adds(&url, request->host);
	buf_addc(&url, '/');
	// git has taken the escapes out of it: "%3F" is a question mark here, which must not become the beginning of a query
	percent_put(&url, request->path ? request->path : "", PERCENT_PATH);
	if (!buf_ok(&url))
		return err_set(err, STATUS_USAGE, "protocol, host and path together are longer than %d bytes", URL_MAX);
	request_set_url(request, request->joined);
	return STATUS_OK;
}

static void forget(struct request *request, const char *key)
{
	if (!strcmp(key, "wwwauth[]"))
		request->wwwauth_count = 0;
	else if (!strcmp(key, "state[]"))
		request->state = NULL;
	else
		request->takes_bearer = request->keeps_state = false;
}

enum status request_parse(struct request *request, char *text, size_t len, struct err *err)
{
	struct wire wire = wire_message(text, len);
	struct wire_field field;
	enum wire_result result;
	unsigned seen = 0;

	while ((result = wire_next(&wire, &field, err)) == WIRE_FIELD) {
		for (size_t i = 0; i < sizeof request_keys / sizeof request_keys[0]; i++) {
			enum status status;

			if (strcmp(field.key, request_keys[i].key) != 0)
				continue;
			if (request_keys[i].repeatable && !field.value_len) {
				forget(request, field.key);
				continue;
			}
			if ((seen & (1U << i)) && !request_keys[i].repeatable)
				return err_set(err, STATUS_USAGE, "standard input: %s: given twice", field.key);
			seen |= 1U << i;
			if (!field.value_len)
				return err_set(err, STATUS_USAGE, "standard input: %s: empty", field.key);
			status = request_keys[i].set(request, field.value, err);
			if (status != STATUS_OK) {
				err_prefix(err, "standard input");
				return status;
			}
		}
	}
	if (result == WIRE_BAD || join_url(request, err) != STATUS_OK) {
		err_prefix(err, "standard input");
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

enum status request_resolve(struct request *request, const struct profile *profile, struct err *err)
{
	struct url url;

	if (!request->scope)
		request->scope = profile->scope;
	if (!request->resource)
		request->resource = profile->resource;
	if (text_same(request->resource, profile->resource) ||
	    (url_parse(&url, request->resource, NULL) == STATUS_OK && url_is_safe(&url) && profile_covers(profile, &url)))
		return STATUS_OK;
	return err_set(err, STATUS_POLICY, "resource '%.*s' is neither the profile's own nor covered by one of its urls",
		       url_shown(request->resource), request->resource);
}

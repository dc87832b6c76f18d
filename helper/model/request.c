// SPDX-License-Identifier: MIT
#include "model/request.h"

#include "base/text.h"
#include "base/wire.h"
#include "model/profile.h"
#include "model/url.h"
#include "protocols/protocols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static enum status set_format(struct request *request, const char *value, struct err *err)
{
	(void)err;
	request->format = value;
	request->protocol = protocol_find(value);
	return STATUS_OK;
}

static enum status set_target(struct request *request, const char *value, struct err *err)
{
	bool is_url = strstr(value, "://") != NULL;

	if (request->from_stdin || (is_url ? request->url : request->profile) ||
	    (!strcmp(value, "-") && (request->profile || request->url)))
		return err_set(err, STATUS_USAGE, "get takes one profile and one URL, not also '%s'", value);
	// "$URL" of a variable that is not set: never the default profile's token
	if (!*value)
		return err_set(err, STATUS_USAGE, "an empty name or URL");
	if (!strcmp(value, "-"))
		request->from_stdin = true;
	else if (is_url)
		request->url = value;
	else
		request->profile = value;
	return STATUS_OK;
}

static const struct {
	const char *name;
	enum status (*set)(struct request *request, const char *value, struct err *err);
} options[] = {
	{ "--format", set_format },
	{ "--scope", set_scope },
	{ "--min-ttl", set_min_ttl },
};

// The setter of the option that arg is, and its value: after '=', or the next word.
static enum status take_option(struct request *request, char ***args, struct err *err)
{
	const char *arg = **args;

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		size_t len = strlen(options[i].name);

		if (strncmp(arg, options[i].name, len) != 0 || (arg[len] && arg[len] != '='))
			continue;
		if (arg[len] == '=')
			return options[i].set(request, arg + len + 1, err);
		if (!(*args)[1])
			return err_set(err, STATUS_USAGE, "%s wants a value", arg);
		return options[i].set(request, *++*args, err);
	}
	if (!strcmp(arg, "--fresh")) {
		request->fresh = true;
		return STATUS_OK;
	}
	if (!strcmp(arg, "--quiet")) {
		request->quiet = true;
		return STATUS_OK;
	}
	return err_set(err, STATUS_USAGE, "get has no option '%s': see 'sk-helper help get'", arg);
}

enum status request_from_args(struct request *request, char **args, struct err *err)
{
	bool options_end = false;
	const char *asked_for;

	*request = (struct request){ 0 };
	for (; *args; args++) {
		const char *arg = *args;
		enum status status;

		if (!options_end && !strcmp(arg, "--")) {
			options_end = true;
			continue;
		}
		if (!options_end && arg[0] == '-' && arg[1])
			status = take_option(request, &args, err);
		else
			status = set_target(request, arg, err);
		if (status != STATUS_OK)
			return status;
	}
	if (request->from_stdin && request->format)
		return err_set(err, STATUS_USAGE, "'get -' answers in key=value lines: no --format with it");
	if (request->format && !request->protocol)
		return STATUS_OK;
	if (!request->format)
		request->protocol = request->from_stdin ? &protocol_native : protocol_find("token");
	asked_for = request->protocol->url_variable ? getenv(request->protocol->url_variable) : NULL;
	// a profile that is named as well is then checked against it
	if (!request->url && asked_for && *asked_for)
		request->url = asked_for;
	return STATUS_OK;
}

// Whether a blank line has come: from then on nothing more belongs to the message.
static bool message_ends(const struct buf *text)
{
	return (text->len && text->data[0] == '\n') || memmem(text->data, text->len, "\n\n", 2);
}

enum status request_read(struct buf *text, int fd, struct err *err)
{
	char chunk[4096];

	while (!message_ends(text)) {
		ssize_t got = read(fd, chunk, sizeof chunk);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_set(err, STATUS_USAGE, "standard input: %s", strerror(errno));
		if (got == 0)
			break;
		buf_add(text, chunk, (size_t)got);
		explicit_bzero(chunk, (size_t)got);
		if (!buf_ok(text))
			return err_set(err, STATUS_USAGE, "standard input: a request is at most %d bytes", REQUEST_MAX);
	}
	return STATUS_OK;
}

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
	request->url = value;
	return STATUS_OK;
}

// And no more: the rest of "https://api.example.com/x" would be the host to one reader, and the path to another.
static enum status set_scheme(struct request *request, const char *value, struct err *err)
{
	if (strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+.-") != strlen(value))
		return err_set(err, STATUS_USAGE, "protocol: more than a protocol");
	request->scheme = value;
	return STATUS_OK;
}

// "host:port", and not more: what is behind a slash in it would be the path to one reader and the host to another.
static enum status set_host(struct request *request, const char *value, struct err *err)
{
	if (strpbrk(value, "/?#@\\"))
		return err_set(err, STATUS_USAGE, "host: more than a host and a port");
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

static enum status set_resource(struct request *request, const char *value, struct err *err)
{
	return set_as_key("resource", &request->resource, value, err);
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
} keys[] = {
	{ "profile", set_profile, false },
	{ "url", set_url, false },
	{ "scope", set_scope, false },
	{ "resource", set_resource, false },
	{ "min_ttl", set_min_ttl, false },
	{ "credential", set_credential, false },
	{ "wwwauth[]", add_wwwauth, true },
	{ "protocol", set_scheme, false },
	{ "host", set_host, false },
	{ "path", set_path, false },
	{ "username", set_username, false },
	{ "password", set_credential, false },
	{ "capability[]", add_capability, true },
	{ "state[]", add_state, true },
};

// git has taken the escapes out of it: "%3F" is a question mark here, which must not become the beginning of a query.
static void add_path(struct buf *url, const char *path)
{
	static const char hex[] = "0123456789ABCDEF";

	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;

		if (c > ' ' && c < 0x7f && !strchr("%?#\"<>\\^`{|}", c)) {
			buf_addc(url, *path);
			continue;
		}
		buf_addc(url, '%');
		buf_addc(url, hex[c >> 4]);
		buf_addc(url, hex[c & 15]);
	}
}

// A host that is asked for and not looked at would get the default profile's token.
static enum status join_url(struct request *request, struct err *err)
{
	struct buf url = BUF_FIXED(request->joined);

	if (!request->scheme && !request->host && !request->path)
		return STATUS_OK;
	if (request->url)
		return err_set(err, STATUS_USAGE, "url, and protocol, host or path: one of the two");
	if (!request->scheme || !request->host)
		return err_set(err, STATUS_USAGE, "protocol and host belong together");
	buf_adds(&url, request->scheme);
	buf_adds(&url, "://");
	buf_adds(&url, request->host);
	buf_addc(&url, '/');
	add_path(&url, request->path ? request->path : "");
	if (!buf_ok(&url))
		return err_set(err, STATUS_USAGE, "protocol, host and path: longer than %d bytes", URL_MAX);
	request->url = request->joined;
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
		for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
			enum status status;

			if (strcmp(field.key, keys[i].key) != 0)
				continue;
			if (keys[i].repeatable && !field.value_len) {
				forget(request, field.key);
				continue;
			}
			if ((seen & (1U << i)) && !keys[i].repeatable)
				return err_set(err, STATUS_USAGE, "standard input: %s: given twice", field.key);
			seen |= 1U << i;
			if (!field.value_len)
				return err_set(err, STATUS_USAGE, "standard input: %s: empty", field.key);
			status = keys[i].set(request, field.value, err);
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

enum status request_wanted(const struct request *request, const struct profile *profile, struct wanted *wanted, struct err *err)
{
	wanted->scope = request->scope ? request->scope : profile->scope;
	wanted->resource = request->resource ? request->resource : profile->resource;
	if (!text_same(wanted->resource, profile->resource) && !profile_covers(profile, wanted->resource))
		return err_set(err, STATUS_POLICY, "profile '%s': resource '%.*s' is neither its own nor one of its URLs",
			       profile->name, url_shown(wanted->resource), wanted->resource);
	return STATUS_OK;
}

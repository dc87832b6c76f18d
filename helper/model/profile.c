// SPDX-License-Identifier: MIT
#include "model/profile.h"

#include "base/nearest.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/wire.h"
#include "model/auth-method.h"
#include "model/grant.h"
#include "model/identity-source.h"
#include "model/secret-store.h"
#include "model/url.h"

#include <stdio.h>
#include <string.h>

static enum status check_graphic(const char *value, struct err *err)
{
	if (!text_is_graphic(value))
		return err_set(err, STATUS_USAGE, "only printable ASCII without spaces");
	return STATUS_OK;
}

static enum status check_scope(const char *value, struct err *err)
{
	if (*value && !text_is_scope(value)) // empty: ask for none
		return err_set(err, STATUS_USAGE, "not a list of scopes with one space between them");
	return STATUS_OK;
}

static enum status profile_check_endpoint(const char *value, struct err *err)
{
	struct url url;
	enum status status = url_parse(&url, value, err);

	if (status == STATUS_OK && !url_is_safe(&url))
		return err_set(err, STATUS_POLICY, "'%.*s' is plain http: only https, or http to this machine itself",
			       url_shown(value), value);
	return status;
}

static enum status profile_check_url(const char *value, struct err *err)
{
	struct url url;
	enum status status = profile_check_endpoint(value, err);

	if (status == STATUS_OK && url_parse(&url, value, err) == STATUS_OK && url.has_query)
		return err_set(err, STATUS_USAGE, "'%.*s' has a query: a URL that tokens are for has none", url_shown(value),
			       value);
	return status;
}

// RFC 8707: an absolute URI without a fragment. Not only https: Entra and others use urn: and api:.
static enum status check_resource(const char *value, struct err *err)
{
	const char *host = strstr(value, "://"), *at = host ? strchr(host + 3, '@') : NULL;

	if (!text_is_graphic(value) || !strchr(value, ':') || strchr(value, '#'))
		return err_set(err, STATUS_USAGE, "not an absolute URI without a fragment");
	if (at && at < host + 3 + strcspn(host + 3, "/?"))
		return err_set(err, STATUS_USAGE, "there is a user name or a password in it");
	return STATUS_OK;
}

static enum status check_word(const char *words, const char *value, struct err *err)
{
	if (text_has_word(words, value, strlen(value)))
		return STATUS_OK;
	return err_set(err, STATUS_USAGE, "'%.100s' is none of: %s", value, words);
}

static enum status check_auth_method(const char *value, struct err *err)
{
	return check_word(AUTH_METHODS, value, err);
}

static enum status check_assertion_alg(const char *value, struct err *err)
{
	return check_word("ES256 ES384 ES512 EdDSA RS256 PS256", value, err);
}

static enum status check_secret_store(const char *value, struct err *err)
{
	return check_word(SECRET_STORES, value, err);
}

static enum status check_token_cache(const char *value, struct err *err)
{
	return check_word("kernel secret-service runtime none", value, err);
}

static enum status check_grant(const char *value, struct err *err)
{
	return check_word(GRANTS, value, err);
}

static enum status check_identity_token(const char *value, struct err *err)
{
	struct identity_source source;

	return identity_source_parse(&source, value, err);
}

static enum status check_assertion_type(const char *value, struct err *err)
{
	return check_word(ASSERTION_TYPES, value, err);
}

// RFC 8693 section 3: a URI; some servers have their own.
static enum status check_subject_token_type(const char *value, struct err *err)
{
	return strchr(value, ':') ? check_graphic(value, err) : check_word(SUBJECT_TOKEN_TYPES, value, err);
}

static enum status check_token_request(const char *value, struct err *err)
{
	return check_word("form json", value, err);
}

// What the request has already: RFC 6749 section 3.2 has each parameter once.
static bool param_is_ours(const char *name, size_t len)
{
	static const char ours[] = "grant_type assertion subject_token subject_token_type scope resource audience";

	return !strncmp(name, "client_", 7) || text_has_word(ours, name, len);
}

static bool param_is_secret(const char *name, size_t len)
{
	return text_has_word("actor_token password code code_verifier device_code refresh_token private_key", name, len);
}

static enum status check_param(const char *value, struct err *err)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	size_t len = strcspn(value, "=");

	if (!len || len > 100 || !value[len] || !value[len + 1] || strspn(value, letters) != len)
		return err_set(err, STATUS_USAGE, "'%.100s' is not NAME=VALUE", value);
	if (param_is_ours(value, len))
		return err_set(err, STATUS_USAGE, "'%.*s' is set by sk-helper itself, by a key of its own", (int)len, value);
	if (param_is_secret(value, len))
		return err_set(err, STATUS_USAGE, "'%.*s' would be a secret, which has no place in a profile", (int)len, value);
	for (const char *at = value; *at; at++) {
		if (*at < ' ' || *at > '~')
			return err_set(err, STATUS_USAGE, "only printable ASCII");
	}
	return STATUS_OK;
}

static enum status check_yes_or_no(const char *value, struct err *err)
{
	return check_word("yes no", value, err);
}

static enum status check_audit(const char *value, struct err *err)
{
	return check_word("issue all", value, err);
}

static enum status check_path(const char *value, struct err *err)
{
	if (value[0] != '/')
		return err_set(err, STATUS_USAGE, "'%s' is not an absolute path", value);
	return STATUS_OK;
}

// A file name: systemd.exec(5), LoadCredential=.
static enum status check_credential(const char *value, struct err *err)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-@:";

	if (value[0] == '.' || strlen(value) > 255 || value[strspn(value, letters)])
		return err_set(err, STATUS_USAGE, "'%.100s' is not the name of a systemd credential", value);
	return STATUS_OK;
}

// One word, whatever is in it: there is no shell that would see it.
static enum status check_argument(const char *value, struct err *err)
{
	if (!text_has_no_control(value, strlen(value)))
		return err_set(err, STATUS_USAGE, "it has a control character");
	return STATUS_OK;
}

// The dynamic linker's variables would choose what the program is.
static enum status check_variable(const char *value, struct err *err)
{
	if (!text_is_variable(value))
		return err_set(err, STATUS_USAGE, "'%.64s' is not the name of an environment variable", value);
	if (text_starts(value, "LD_") ||
	    text_has_word(
		    "PATH ENV BASH_ENV IFS PYTHONPATH PYTHONSTARTUP PYTHONHOME PERL5LIB PERL5OPT RUBYOPT RUBYLIB NODE_OPTIONS "
		    "NODE_PATH JAVA_TOOL_OPTIONS GIT_EXEC_PATH GCONV_PATH NLSPATH LOCPATH",
		    value, strlen(value)))
		return err_set(err, STATUS_USAGE, "'%.64s' would change which program is run", value);
	return STATUS_OK;
}

// As ssh-add -l prints it: SHA-256 in base64 without padding.
static enum status check_fingerprint(const char *value, struct err *err)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *digest = value + strlen("SHA256:");

	if (!text_starts(value, "SHA256:") || strlen(digest) != 43 || digest[strspn(digest, letters)])
		return err_set(
			err, STATUS_USAGE,
			"'%.100s' is not a key's SHA256 fingerprint, SHA256: and 43 characters ('ssh-add -l -E sha256' shows it in the second column, 'ssh-keygen -lf FILE' that of a file)",
			value);
	return STATUS_OK;
}

static enum status check_proxy(const char *value, struct err *err)
{
	static const char *const schemes[] = { "http://", "https://", "socks5://", "socks5h://", NULL };

	for (const char *const *s = schemes; *s; s++) {
		if (text_starts(value, *s) && text_is_graphic(value) && !strchr(value, '@'))
			return STATUS_OK;
	}
	return err_set(err, STATUS_USAGE, "not http://, https://, socks5:// or socks5h:// with a host and no password");
}

#define TEXT(member) .offset = offsetof(struct profile, member), .kind = KEY_TEXT
#define LIST(member, counter, maximum)                                                                                         \
	.offset = offsetof(struct profile, member), .kind = KEY_LIST, .count = offsetof(struct profile, counter),              \
	.most = (maximum)
#define NUMBER(member, least, most, otherwise)                                                                                 \
	.offset = offsetof(struct profile, member), .kind = KEY_NUMBER, .min = (least), .max = (most), .preset = (otherwise)

// The front door prints no help, and is small enough to be read from the disk in two pieces.
#ifdef SK_FRONT
#define HELP(text) NULL
#else
#define HELP(text) text
#endif

const struct profile_key profile_keys[] = {
	{ "token_endpoint", TEXT(token_endpoint), .check = profile_check_endpoint, .binds_secret = true, .argument = "URL",
	  .help = HELP("where tokens come from: https://ACME.scalekit.dev/oauth/token") },
	{ "client_id", TEXT(client_id), .check = check_graphic, .binds_secret = true, .argument = "ID",
	  .help = HELP("the OAuth client's id") },
	{ "scope", TEXT(scope), .check = check_scope, .argument = "SCOPES",
	  .help = HELP("what to ask for, one space between scopes") },
	{ "scope_limit", TEXT(scope_limit), .check = check_scope, .argument = "SCOPES",
	  .help = HELP("the scopes that a server's answer can make sk-helper request (default: scope); * for no limit") },
	{ "resource", TEXT(resource), .check = check_resource, .argument = "URI",
	  .help = HELP("the resource that the token is for (RFC 8707), sent as it is") },
	{ "audience", TEXT(audience), .check = check_graphic, .argument = "AUD",
	  .help = HELP("the audience, for servers that want this parameter") },
	{ "url", LIST(urls, url_count, PROFILE_URLS_MAX), .check = profile_check_url, .argument = "URL",
	  .help = HELP("a URL that this token may be sent to; may be repeated") },
	{ "auth_method", TEXT(auth_method), .check = check_auth_method, .argument = "METHOD",
	  .help = HELP("client_secret_post (default), client_secret_basic, private_key_jwt, tls_client_auth, "
		       "self_signed_tls_client_auth, workload_identity or none") },
	{ "grant", TEXT(grant), .check = check_grant, .binds_token = true, .argument = "GRANT",
	  .help = HELP("client_credentials (default), jwt-bearer or token-exchange") },
	{ "identity_token", TEXT(identity_token), .check = check_identity_token, .binds_token = true, .argument = "SOURCE",
	  .help = HELP("the platform's identity token, in the place of a secret: file:/PATH, env:VARIABLE, github-actions or "
		       "'command:/PATH WORD...'") },
	{ "identity_token_reuse", TEXT(identity_token_reuse), .check = check_yes_or_no, .argument = "yes|no",
	  .help = HELP("whether the server takes the same identity token more than once (no)") },
	{ "certificate", TEXT(certificate), .check = check_path, .argument = "PATH",
	  .help = HELP("the client's certificate for the TLS methods: a PEM file") },
	{ "assertion_alg", TEXT(assertion_alg), .check = check_assertion_alg, .argument = "ALG",
	  .help = HELP(
		  "the algorithm that the key signs with: ES256, ES384, ES512, EdDSA, RS256 or PS256; default: chosen by the kind of key") },
	{ "assertion_audience", TEXT(assertion_audience), .check = check_graphic, .binds_secret = true, .binds_token = true,
	  .argument = "AUD",
	  .help = HELP("the audience (aud) of the signed assertion or of the identity token, where it is not the issuer") },
	{ "assertion_type", TEXT(assertion_type), .check = check_assertion_type, .binds_token = true, .argument = "TYPE",
	  .help = HELP("how an identity token is shown as the client's assertion: jwt-bearer (default) or jwt-spiffe") },
	{ "subject_token_type", TEXT(subject_token_type), .check = check_subject_token_type, .binds_token = true,
	  .argument = "TYPE",
	  .help = HELP("what the identity token of token-exchange is: jwt (default), id_token, access_token or a URI") },
	{ "token_request", TEXT(token_request), .check = check_token_request, .argument = "form|json",
	  .help = HELP("the format of the token request: form (default), or json for servers that want that") },
	{ "param", LIST(params, param_count, PROFILE_PARAMS_MAX), .check = check_param, .binds_token = true,
	  .argument = "NAME=VALUE", .help = HELP("one more parameter of the token request; may be repeated") },
	{ "issuer", TEXT(issuer), .check = profile_check_endpoint, .binds_secret = true, .argument = "URL",
	  .help = HELP("the authorization server that the client is registered at") },
	{ "revocation_endpoint", TEXT(revocation_endpoint), .check = profile_check_endpoint, .binds_secret = true,
	  .argument = "URL", .help = HELP("where tokens are revoked") },
	{ "secret_store", TEXT(secret_store), .check = check_secret_store, .argument = "STORE",
	  .help = HELP(
		  "where the client secret is: stored in secret-service or kernel; only read from credential, file or command; "
		  "used in an ssh-agent; none where there is none") },
	{ "secret_credential", TEXT(secret_credential), .check = check_credential, .binds_secret = true, .argument = "NAME",
	  .help = HELP("the systemd credential that is the secret (default: sk-helper. and the profile's name)") },
	{ "secret_file", TEXT(secret_file), .check = check_path, .binds_secret = true, .argument = "PATH",
	  .help = HELP("the file that has the secret: of Docker, Podman or Kubernetes") },
	{ "secret_command", LIST(secret_command, secret_command_count, PROFILE_WORDS_MAX), .check = check_argument,
	  .binds_secret = true, .is_whole = true, .argument = "WORD",
	  .help = HELP("the program that prints the secret: its path, and then a word each time; there is no shell") },
	{ "secret_env", LIST(secret_env, secret_env_count, PROFILE_ENV_MAX), .check = check_variable, .binds_secret = true,
	  .is_whole = true, .argument = "VARIABLE", .help = HELP("a variable that this program gets, too; may be repeated") },
	{ "secret_first_line", TEXT(secret_first_line), .check = check_yes_or_no, .argument = "yes|no",
	  .help = HELP("whether only the first line is the secret, as with pass (no)") },
	{ "secret_timeout", NUMBER(secret_timeout, 1, 120, 10), .argument = "SECONDS",
	  .help = HELP("the time that the program, or the ssh-agent, may take (10)") },
	{ "ssh_agent", TEXT(ssh_agent), .check = check_fingerprint, .binds_secret = true, .argument = "SHA256:...",
	  .help = HELP("the key in an ssh-agent that signs for the client: its fingerprint") },
	{ "ssh_agent_socket", TEXT(ssh_agent_socket), .check = check_path, .binds_secret = true, .argument = "PATH",
	  .help = HELP("the ssh-agent's socket; otherwise SSH_AUTH_SOCK") },
	{ "ssh_agent_kid", TEXT(ssh_agent_kid), .check = check_graphic, .argument = "ID",
	  .help = HELP("what the server calls that key (kid), where it is not its thumbprint") },
	{ "token_cache", TEXT(token_cache), .check = check_token_cache, .argument = "CACHE",
	  .help = HELP("where tokens are kept: kernel (default), secret-service, runtime (files in memory) or none") },
	{ "audit", TEXT(audit), .check = check_audit, .argument = "issue|all",
	  .help = HELP(
		  "which events are written to the system's log: issue (default), or all, with each cached token; never less than the "
		  "administrator asks for") },
	{ "renew_on_repeat", TEXT(renew_on_repeat), .check = check_yes_or_no, .argument = "yes|no",
	  .help = HELP("whether a hook that asks again means that its token was refused (default: yes)") },
	{ "username", TEXT(username), .check = check_graphic, .argument = "NAME",
	  .help = HELP("the user name to send with the token as its password, for tools and servers without Bearer") },
	{ "git_retry", TEXT(git_retry), .check = check_yes_or_no, .argument = "yes|no",
	  .help = HELP("whether git tries once more in the same process when the token is refused (no)") },
	{ "ca_file", TEXT(ca_file), .check = check_path, .binds_secret = true, .argument = "PATH",
	  .help = HELP("CA certificates of the server: a PEM file, or a directory with hashed names") },
	{ "proxy", TEXT(proxy), .check = check_proxy, .binds_secret = true, .argument = "URL",
	  .help = HELP("the proxy on the way to the server; otherwise the environment's") },
	{ "timeout", NUMBER(timeout, 1, 60, 8), .argument = "SECONDS",
	  .help = HELP("the time that a token request may take, all attempts together (default: 8)") },
	{ "default_ttl", NUMBER(default_ttl, 1, 3600, 60), .argument = "SECONDS",
	  .help = HELP("how long a token is kept whose server names no lifetime (60)") },
};
const size_t profile_key_count = sizeof profile_keys / sizeof profile_keys[0];

const struct profile_key *profile_key_find(const char *name)
{
	for (size_t i = 0; i < profile_key_count; i++) {
		if (!strcmp(profile_keys[i].name, name))
			return &profile_keys[i];
	}
	return NULL;
}

enum status profile_key_unknown(const char *name, struct err *err)
{
	struct nearest nearest = nearest_to(name);

	for (size_t i = 0; i < profile_key_count; i++)
		nearest_offer(&nearest, profile_keys[i].name);
	err_set(err, STATUS_USAGE, "a profile has no key '%.64s'", name);
	return nearest_suggest(&nearest, err);
}

static void *member(const struct profile *p, const struct profile_key *key)
{
	return (char *)(uintptr_t)p + key->offset;
}

bool profile_name_ok(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > PROFILE_NAME_MAX || strchr("._-", name[0]))
		return false;
	return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

enum status profile_name_check(const char *name, struct err *err)
{
	if (!profile_name_ok(name))
		return err_set(
			err, STATUS_USAGE,
			"a profile's name is 1 to %d letters, digits, '.', '_' or '-', and begins with a letter or digit",
			PROFILE_NAME_MAX);
	return STATUS_OK;
}

void profile_set_path(struct profile *p, const char *path)
{
	p->path = path;
	sha256_hex(path, strlen(path), p->file_id, sizeof p->file_id - 1);
}

const char **profile_list(struct profile *p, const struct profile_key *key, size_t **count)
{
	*count = (size_t *)(void *)((char *)p + key->count);
	return member(p, key);
}

static enum status profile_add(struct profile *p, const struct profile_key *key, const char *value, struct err *err)
{
	size_t *count, name = strcspn(value, "=");
	const char **values = profile_list(p, key, &count);

	if (*count == key->most)
		return err_set(err, STATUS_USAGE, "%s: given more than %zu times", key->name, key->most);
	for (size_t i = 0; values == p->params && i < *count; i++) {
		if (!strncmp(values[i], value, name + 1))
			return err_set(err, STATUS_USAGE, "%s: '%.*s' is given twice", key->name, (int)name, value);
	}
	values[(*count)++] = value;
	return STATUS_OK;
}

enum status profile_set(struct profile *p, const char *name, const char *value, struct err *err)
{
	const struct profile_key *key = profile_key_find(name);
	enum status status = STATUS_OK;

	if (!strcmp(name, "client_secret") || !strcmp(name, "private_key"))
		return err_set(
			err, STATUS_POLICY,
			"%s: a profile must not contain a secret: remove the line, and store the secret with 'sk-helper add %s'",
			name, *p->name ? p->name : "NAME");
	if (!key)
		return profile_key_unknown(name, err);
	if (!*value)
		return err_set(err, STATUS_USAGE, "%s: empty", name);
	if (key->check)
		status = key->check(value, err);
	if (status != STATUS_OK) {
		err_prefix(err, "%s", name);
		return status;
	}
	if (key->kind == KEY_LIST)
		return profile_add(p, key, value, err);
	if (key->kind == KEY_NUMBER) {
		int64_t *number = member(p, key);

		if (*number)
			return err_set(err, STATUS_USAGE, "%s: given twice", name);
		if (!text_to_number(value, key->min, key->max, number))
			return err_set(err, STATUS_USAGE, "%s: '%.40s' is not a number from %lld to %lld", name, value,
				       (long long)key->min, (long long)key->max);
		return STATUS_OK;
	}
	const char **text = member(p, key);

	if (*text)
		return err_set(err, STATUS_USAGE, "%s: given twice", name);
	*text = value;
	return STATUS_OK;
}

const char *profile_get(const struct profile *p, const struct profile_key *key)
{
	return key->kind == KEY_TEXT ? *(const char **)member(p, key) : NULL;
}

void profile_write_key(const struct profile *p, const struct profile_key *key, struct buf *b)
{
	if (key->kind == KEY_LIST) {
		size_t *count;
		const char **values = profile_list((struct profile *)(uintptr_t)p, key, &count);

		for (size_t i = 0; i < *count; i++)
			wire_put(b, key->name, values[i]);
	} else if (key->kind == KEY_TEXT) {
		wire_put(b, key->name, profile_get(p, key));
	} else if (*(int64_t *)member(p, key) && *(int64_t *)member(p, key) != key->preset) {
		wire_put_number(b, key->name, *(int64_t *)member(p, key));
	}
}

bool profile_has(const struct profile *p, const struct profile_key *key)
{
	size_t *count;

	if (key->kind == KEY_LIST)
		return profile_list((struct profile *)(uintptr_t)p, key, &count) && *count > 0;
	return key->kind == KEY_TEXT ? profile_get(p, key) != NULL : *(int64_t *)member(p, key) != 0;
}

bool profile_key_same(const struct profile *p, const struct profile *other, const struct profile_key *key)
{
	size_t *count, *others_count;
	const char **values, **others;

	if (key->kind == KEY_NUMBER)
		return *(int64_t *)member(p, key) == *(int64_t *)member(other, key);
	if (key->kind == KEY_TEXT)
		return text_same(profile_get(p, key), profile_get(other, key));
	values = profile_list((struct profile *)(uintptr_t)p, key, &count);
	others = profile_list((struct profile *)(uintptr_t)other, key, &others_count);
	for (size_t i = 0; *count == *others_count && i < *count; i++) {
		if (strcmp(values[i], others[i]) != 0)
			return false;
	}
	return *count == *others_count;
}

bool profile_secret_is_elsewhere(const struct profile *p)
{
	return profile_has_secret(p) && secret_store_is_elsewhere(p->secret_store);
}

int64_t profile_secret_timeout(const struct profile *p)
{
	return p->secret_timeout ? p->secret_timeout : profile_key_find("secret_timeout")->preset;
}

enum status profile_infer_store(struct profile *p, struct err *err)
{
	for (size_t i = 0; i < secret_store_count; i++) {
		const struct secret_store *store = &secret_stores[i];

		if (!store->key || !profile_has(p, profile_key_find(store->key)))
			continue;
		if (!p->secret_store)
			p->secret_store = store->name;
		if (strcmp(p->secret_store, store->name) != 0)
			return err_set(
				err, STATUS_USAGE,
				"%s: it goes with secret_store %s, and secret_store is %s: leave one of them out, or take it out with "
				"--unset %s",
				store->key, store->name, p->secret_store, store->key);
	}
	return STATUS_OK;
}

bool profile_has_secret(const struct profile *p)
{
	return p->auth_method ? auth_method_has_secret(p->auth_method) : !p->identity_token;
}

const char *profile_identity_audience(const struct profile *p, char room[URL_MAX + 1])
{
	struct url url;

	if (p->assertion_audience || p->issuer)
		return p->assertion_audience ? p->assertion_audience : p->issuer;
	if (!p->token_endpoint || url_parse(&url, p->token_endpoint, NULL) != STATUS_OK)
		return "";
	(void)snprintf(room, URL_MAX + 1, "%.*s", (int)(url.path - p->token_endpoint), p->token_endpoint);
	return room;
}

// What the client proves itself with, where that is not a client secret alone.
static enum status profile_complete_identity(struct profile *p, struct err *err)
{
	bool is_client = !grant_find(p->grant)->token_parameter;

	if (p->identity_token && !p->auth_method)
		p->auth_method = is_client ? "workload_identity" : "none";
	if (!p->auth_method)
		p->auth_method = p->ssh_agent ? "private_key_jwt" : "client_secret_post";
	if (!p->identity_token && !is_client)
		return err_set(err, STATUS_USAGE, "identity_token is missing: grant %s exchanges one", p->grant);
	if (!p->identity_token && !profile_has_secret(p))
		return err_set(err, STATUS_USAGE, "identity_token is missing: auth_method %s proves nothing without one",
			       p->auth_method);
	if (p->identity_token && is_client != auth_method_find(p->auth_method)->uses_identity)
		return err_set(err, STATUS_USAGE,
			       is_client ?
				       "auth_method %s does not go with identity_token and grant client_credentials: leave it "
				       "out, or choose grant jwt-bearer or token-exchange" :
				       "auth_method %s goes with grant client_credentials alone: leave it out",
			       p->auth_method);
	return STATUS_OK;
}

// The keys that say where a secret is, and how it is read, are for one store each. A number is not looked at: it has its usual value.
static enum status profile_check_store_keys(const struct profile *p, const struct secret_store *store, struct err *err)
{
	for (size_t i = 0; i < profile_key_count; i++) {
		const char *name = profile_keys[i].name;

		// the program may be the one that gives the identity token
		if (p->identity_token && !strcmp(name, "secret_env"))
			continue;
		if (secret_store_knows(NULL, name) && profile_keys[i].kind != KEY_NUMBER && profile_has(p, &profile_keys[i]) &&
		    !secret_store_knows(store, name))
			return err_set(err, STATUS_USAGE,
				       "%s: it does not go with secret_store %s: leave it out, or take it out with --unset %s",
				       name, store->name, name);
	}
	return STATUS_OK;
}

enum status profile_check_store(const struct profile *p, struct err *err)
{
	const struct secret_store *store = secret_store_find(p->secret_store);
	enum status status = store ? profile_check_store_keys(p, store, err) : STATUS_OK;

	if (status != STATUS_OK || !store)
		return status;
	if (store->needs_key && !profile_has(p, profile_key_find(store->key)))
		return err_set(err, STATUS_USAGE, "%s is missing: secret_store %s needs it", store->key, store->name);
	if (p->secret_command_count && p->secret_command[0][0] != '/')
		return err_set(
			err, STATUS_USAGE,
			"secret_command: '%.200s' is not an absolute path ('command -v' shows a program's): the path comes "
			"first, and then each word in a --secret-command of its own",
			p->secret_command[0]);
	if (p->ssh_agent && p->auth_method && strcmp(p->auth_method, "private_key_jwt") != 0)
		return err_set(err, STATUS_USAGE, "ssh_agent: it signs for auth_method private_key_jwt alone, and not for %s",
			       p->auth_method);
	if (p->ssh_agent && text_same(p->assertion_alg, "PS256"))
		return err_set(err, STATUS_USAGE, "assertion_alg: an ssh-agent cannot sign with PS256: RS256 is what it has");
	return STATUS_OK;
}

static enum status profile_complete_store(struct profile *p, struct err *err)
{
	enum status status = profile_infer_store(p, err);

	if (status != STATUS_OK)
		return status;
	if (!p->secret_store && !profile_has_secret(p))
		p->secret_store = "none";
	if (!p->secret_store)
		return err_set(err, STATUS_USAGE, "secret_store is missing");
	if (profile_has_secret(p) == !strcmp(p->secret_store, "none"))
		return err_set(err, STATUS_USAGE, "secret_store: %s, but auth_method %s has %s secret", p->secret_store,
			       p->auth_method, profile_has_secret(p) ? "a" : "no");
	return profile_check_store(p, err);
}

// What the keys say that a token's record has in one digest (binds_token). Not inlined: its frame is a page of stack for its caller, too.
__attribute__((noinline)) static void profile_bind_token(struct profile *p)
{
	// on the stack: the front door has no other memory to spare
	char room[PROFILE_FILE_MAX];
	struct buf text = BUF_FIXED(room);

	for (size_t i = 0; i < profile_key_count; i++) {
		if (profile_keys[i].binds_token)
			profile_write_key(p, &profile_keys[i], &text);
	}
	sha256_hex(text.data, text.len, p->token_binding, sizeof p->token_binding - 1);
}

enum status profile_complete(struct profile *p, struct err *err)
{
	enum status status;

	if (!p->token_endpoint)
		return err_set(err, STATUS_USAGE, "token_endpoint is missing");
	status = profile_complete_identity(p, err);
	if (status != STATUS_OK)
		return status;
	if (!p->client_id && profile_has_secret(p))
		return err_set(err, STATUS_USAGE, "client_id is missing");
	if (auth_method_uses_certificate(p->auth_method) && !p->certificate)
		return err_set(err, STATUS_USAGE, "certificate is missing: auth_method %s needs one", p->auth_method);
	if (auth_method_uses_key(p->auth_method) && !auth_method_uses_certificate(p->auth_method) && !p->issuer &&
	    !p->assertion_audience)
		return err_set(
			err, STATUS_USAGE,
			"issuer or assertion_audience is missing: what the private key signs names one of them as its audience");
	status = profile_complete_store(p, err);
	if (status != STATUS_OK)
		return status;
	p->token_binding[0] = '\0';
	if (p->identity_token || p->param_count)
		profile_bind_token(p);
	if (!p->token_cache)
		p->token_cache = "kernel";
	for (size_t i = 0; i < profile_key_count; i++) {
		int64_t *number = member(p, &profile_keys[i]);

		if (profile_keys[i].kind == KEY_NUMBER && !*number)
			*number = profile_keys[i].preset;
	}
	return STATUS_OK;
}

enum status profile_parse(struct profile *p, const char *name, char *text, size_t len, struct err *err)
{
	struct wire wire = wire_file(text, len);
	struct wire_field field;
	enum wire_result result;

	memset(p, 0, sizeof *p);
	(void)snprintf(p->name, sizeof p->name, "%s", name);
	while ((result = wire_next(&wire, &field, err)) == WIRE_FIELD) {
		enum status status = profile_set(p, field.key, field.value, err);

		if (status != STATUS_OK) {
			err_prefix(err, "line %u", wire.line);
			return status;
		}
	}
	if (result == WIRE_BAD)
		return STATUS_USAGE;
	return profile_complete(p, err);
}

void profile_write(const struct profile *p, struct buf *b)
{
	for (size_t i = 0; i < profile_key_count; i++)
		profile_write_key(p, &profile_keys[i], b);
}

bool profile_same(const struct profile *p, const struct profile *other)
{
	BUF_AUTO(text, PROFILE_FILE_MAX);
	BUF_AUTO(others_text, PROFILE_FILE_MAX);

	profile_write(p, &text);
	profile_write(other, &others_text);
	return text_same(text.data, others_text.data);
}

size_t profile_covers(const struct profile *p, const struct url *url)
{
	struct url base;
	size_t best = 0;

	for (size_t i = 0; i < p->url_count; i++) {
		if (url_parse(&base, p->urls[i], NULL) == STATUS_OK && url_covers(&base, url) && base.path_len + 1 > best)
			best = base.path_len + 1;
	}
	return best;
}

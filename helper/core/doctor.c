// SPDX-License-Identifier: MIT
// doctor: this machine, its keyrings, and the profiles: what is wrong, and what to do about it. Of a profile that is named, the server is
// asked as well, and a token is requested.
#include "base/installed.h"
#include "base/journal.h"
#include "base/text.h"
#include "core/ask-oauth.h"
#include "core/audit.h"
#include "core/binding.h"
#include "core/commands.h"
#include "core/findings.h"
#include "core/flight.h"
#include "core/identity-token.h"
#include "core/keep.h"
#include "core/obtain.h"
#include "core/secret-source.h"
#include "core/sent-tokens.h"
#include "core/share-client.h"
#include "core/ssh-agent.h"
#include "core/stored-secret.h"
#include "core/terminal.h"
#include "core/trust.h"
#include "keyring/keyring.h"
#include "model/auth-method.h"
#include "model/identity-source.h"
#include "model/profile-dir.h"
#include "model/system-config.h"
#include "model/token.h"

#include <keyutils.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

// More than this between the clocks, and tokens are stale, or not yet valid, on arrival.
#define CLOCK_TOLERANCE 30

// Of the kernel's quota, in per cent: beyond it, tokens are thrown out soon.
#define QUOTA_WARNING 80

const struct option doctor_options[] = {
	{ "--offline", NULL, "do not ask a server" },
	{ "--json", NULL, "as a JSON array" },
	{ NULL, NULL, NULL },
};

struct doctor_call {
	const char *name;
	bool offline, json;
};

// --- this machine

static void doctor_check_version(struct findings *findings)
{
	char dir[PROFILE_PATH_MAX] = "?", libraries[200];
	struct utsname kernel;
	BUF_AUTO(answer, 4096);

	if (uname(&kernel) < 0)
		memset(&kernel, 0, sizeof kernel);
	(void)profile_dir_user_dir(dir, NULL);
	oauth_libraries(&answer, libraries, sizeof libraries);
	findings_add(findings, "sk-helper", LEVEL_OK, STATUS_OK,
		     "version " SK_VERSION "; %s %s %s; libkeyutils %s, cJSON %s, %s; profiles in %.800s and " SK_SYSCONFDIR
		     "/sk-helper/profiles",
		     kernel.sysname, kernel.release, kernel.machine,
		     keyutils_version_string + strcspn(keyutils_version_string, "0123456789"), cJSON_Version(), libraries, dir);
}

// Whether other processes of the user can look into our private programs in the moment before they have closed themselves.
static void doctor_check_programs(struct findings *findings)
{
	static const char *const programs[] = { "sk-core", "sk-key", "sk-oauth", "sk-bridge", "sk-proxy", "sk-secret-service" };
	char path[INSTALLED_PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
		installed_path(path, programs[i]);
		if (stat(path, &st) == 0 && st.st_uid == 0 && !(st.st_mode & (S_IRGRP | S_IROTH)))
			continue;
		findings_add(
			findings, "programs", LEVEL_NONE, STATUS_OK,
			"sk-helper is installed for one user: other programs of this user could look into it while it works. An installation by "
			"root (sudo make install) prevents that ('%s')",
			path);
		return;
	}
	findings_add(findings, "programs", LEVEL_OK, STATUS_OK,
		     "other programs of yours cannot look into sk-helper's private programs");
}

static void doctor_check_sandbox(struct findings *findings, const struct endpoint_report *report)
{
	enum level level = report->landlock && report->seccomp ? LEVEL_OK : LEVEL_WARN;

	if (report->landlock == 0)
		findings_add(findings, "sandbox", level, STATUS_OK,
			     "this kernel has no Landlock: the program that talks to the network could open your files%s",
			     report->seccomp ? "" : "; and no seccomp: it could use your keyring");
	else if (!report->seccomp)
		findings_add(findings, "sandbox", level, STATUS_OK,
			     "this kernel has no seccomp: the program that talks to the network could use your keyring");
	else if (report->landlock < 4)
		findings_add(
			findings, "sandbox", level, STATUS_OK,
			"files and keyrings are out of reach of the program that talks to the network; other ports are not (Landlock "
			"version %lld: Linux 6.7 has version 4)",
			(long long)report->landlock);
	else
		findings_add(
			findings, "sandbox", level, STATUS_OK,
			"files, keyrings and other ports are out of reach of the program that talks to the network (Landlock version "
			"%lld, seccomp)",
			(long long)report->landlock);
}

// What is found of each keyring, and which of them the profiles use.
struct doctor_keyring {
	enum status status;
	struct err found;
	bool has_secret, has_token;
};

static bool doctor_note_use(const char *name, void *context)
{
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	struct doctor_keyring *all = context;
	struct profile profile;

	if (profile_dir_load(name, &text, &profile, NULL) != STATUS_OK)
		return true;
	for (size_t i = 0; i < KEYRING_COUNT; i++) {
		all[i].has_secret = all[i].has_secret || !strcmp(profile.secret_store, keyrings[i]->name);
		all[i].has_token = all[i].has_token || !strcmp(profile.token_cache, keyrings[i]->name);
	}
	return true;
}

// A keyring that answers, and takes nothing: podman's default filter of system calls allows keyctl(2) and denies add_key(2).
static enum status doctor_try_keyring(const struct keyring *keyring, struct err *found)
{
	struct profile nobody = { .name = "doctor", .path = "", .secret_store = keyring->name };
	struct err ignored;

	return keep_try_store(&nobody, &ignored, found);
}

static void doctor_check_keyring(struct findings *findings, const struct keyring *keyring, struct doctor_keyring *its,
				 bool another_works)
{
	bool used = its->has_secret || its->has_token;
	// of the one that is for where the others do not work, there is nothing to say where they do
	if (keyring->for_tokens_only && !used && another_works)
		return;
	bool is_full = its->status == STATUS_OK && keyring->fullness && keyring->fullness() >= QUOTA_WARNING;

	// a quota that is nearly used up would lose a token for it
	if (its->status == STATUS_OK && keyring->fullness && !is_full)
		its->status = doctor_try_keyring(keyring, &its->found);
	if (its->status != STATUS_OK)
		findings_add(findings, keyring->name,
			     its->has_secret || (!used && !another_works) ? LEVEL_BAD :
			     its->has_token				  ? LEVEL_WARN :
									    LEVEL_NONE,
			     its->status, "%s", its->found.text);
	else if (is_full && keyring_runtime.probe(NULL) == STATUS_OK)
		findings_add(
			findings, keyring->name, LEVEL_OK, STATUS_OK,
			"%s: it is nearly full. The tokens that it has no room for are kept in files in memory, encrypted with a key "
			"that is in it",
			its->found.text);
	else if (is_full)
		findings_add(
			findings, keyring->name, LEVEL_WARN, STATUS_OK,
			"%s: when it is full, cached tokens are thrown out and requested again. Raise kernel.keys.maxbytes (sysctl), or keep "
			"tokens elsewhere: 'sk-helper set NAME --token-cache secret-service'",
			its->found.text);
	else
		findings_add(findings, keyring->name, LEVEL_OK, STATUS_OK, "%s%s", its->found.text,
			     used ? "" : "; no profile uses it");
}

// name: the profile that is looked at; NULL for all.
static void doctor_check_keyrings(struct findings *findings, const char *name)
{
	struct doctor_keyring all[KEYRING_COUNT] = { 0 };
	bool works[KEYRING_COUNT], any = false;

	if (name)
		(void)doctor_note_use(name, all);
	else
		(void)profile_dir_each(doctor_note_use, all, NULL);
	for (size_t i = 0; i < KEYRING_COUNT; i++) {
		all[i].status = keyrings[i]->probe(&all[i].found);
		works[i] = all[i].status == STATUS_OK;
		any = any || (works[i] && !keyrings[i]->for_tokens_only);
	}
	for (size_t i = 0; i < KEYRING_COUNT; i++)
		doctor_check_keyring(findings, keyrings[i], &all[i], any && (keyrings[i]->for_tokens_only || !works[i]));
}

// --- the trail of who asked

static void doctor_check_audit(struct findings *findings)
{
	static const char *const levels[] = { "nothing", "each token that is issued", "each token that is given out" };
	BUF_AUTO(text, SYSTEM_CONFIG_ROOM);
	struct system_config config;
	unsigned long lost = audit_lost();
	struct err err;
	enum status status = system_config_load(&config, &text, &err);

	if (status != STATUS_OK)
		findings_add(findings, "audit", LEVEL_BAD, status, "%s", err.text);
	else if (config.audit != AUDIT_OFF && !journal_is_there() && !config.audit_file)
		findings_add(findings, "audit", LEVEL_NONE, STATUS_OK,
			     "there is no journal here, and no audit_file in " SYSTEM_CONFIG_FILE);
	else
		findings_add(findings, "audit", lost ? LEVEL_WARN : LEVEL_OK, STATUS_OK,
			     "%s is written to %s%s%.300s; %lu lost", levels[config.audit],
			     journal_is_there() ? "the journal" : "",
			     !config.audit_file ? "" :
			     journal_is_there() ? " and " :
						  "",
			     config.audit_file ? config.audit_file : "", lost);
}

// --- a profile

static enum status doctor_check_secret(struct findings *findings, const struct profile *profile, struct buf *record,
				       struct secret *secret)
{
	const struct keyring *store = keyring_find(profile->secret_store);
	bool is_key = auth_method_uses_key(profile->auth_method);
	const char *what = is_key ? "private key" : "client secret";
	struct err err;
	enum status status = stored_secret_get(profile, record, secret, &err);

	if (status == STATUS_NOT_FOUND)
		findings_add(findings, what, LEVEL_BAD, status, "not in the %s keyring%s: 'sk-helper add %s%s' %s", store->name,
			     keyring_why_missing(store), profile->name, is_key ? " --private-key FILE" : "",
			     is_key ? "stores it" : "asks for it");
	else if (status != STATUS_OK)
		findings_add(findings, what, LEVEL_BAD, status, "%s", err.text);
	else
		findings_add(findings, what, LEVEL_OK, status, "in the %s keyring, given for this server%s", store->name,
			     store->is_memory_only ? "; it is gone after a reboot" : "");
	return status;
}

// What a get would say without asking the server.
static void doctor_check_last_request(struct findings *findings, const struct profile *profile)
{
	struct err why;

	if (flight_last_failure(profile, &why))
		findings_add(findings, "last request", LEVEL_BAD, why.status, "%s", why.text);
}

static void doctor_check_clock(struct findings *findings, const struct endpoint_report *report, struct moment before)
{
	struct moment now = clock_now();
	long long off = 0;

	if (!report->date) {
		findings_add(findings, "clock", LEVEL_NONE, STATUS_OK, "the server does not say what time it has");
		return;
	}
	if (report->date < before.wall)
		off = (long long)(before.wall - report->date);
	else if (report->date > now.wall)
		off = (long long)(now.wall - report->date);
	if (llabs(off) <= CLOCK_TOLERANCE)
		findings_add(findings, "clock", LEVEL_OK, STATUS_OK, "within %lld s of the server's", llabs(off));
	else
		findings_add(findings, "clock", LEVEL_BAD, STATUS_POLICY,
			     "%lld s away from the server's: set this machine's clock (timedatectl)", llabs(off));
}

// secret: NULL where there is none. A certificate is shown to the server; no other credential is.
static enum status doctor_check_endpoint(struct findings *findings, const struct profile *profile, const struct secret *secret)
{
	BUF_AUTO(answer, 65536);
	struct endpoint_report report;
	struct moment before = clock_now();
	struct err err;
	enum status status = oauth_probe_endpoint(profile, secret, &answer, &report, &err);

	doctor_check_sandbox(findings, &report);
	if (status != STATUS_OK) {
		findings_add(findings, "token endpoint", LEVEL_BAD, status, "%s", err.text);
		return status;
	}
	findings_add(findings, "token endpoint", LEVEL_OK, STATUS_OK, "%s", profile->token_endpoint);
	if (text_starts(profile->token_endpoint, "https:"))
		findings_add(findings, "TLS", LEVEL_OK, STATUS_OK, "the server's certificate is verified (%s)%s",
			     report.address, auth_method_uses_certificate(profile->auth_method) ? "; ours can be used" : "");
	else
		findings_add(findings, "TLS", LEVEL_NONE, STATUS_OK,
			     "none: plain http to this machine itself, where the server's owner is checked");
	doctor_check_clock(findings, &report, before);
	return status;
}

// RFC 6749, section 5.1: the server says which scopes it granted, where those are not the ones that were requested.
static void doctor_check_scope(struct findings *findings, const struct profile *profile, const struct token *token)
{
	for (const char *word = profile->scope ? profile->scope : ""; *word; word = text_next_word(word)) {
		size_t len = strcspn(word, " ");

		if (*token->granted_scope && !text_has_word(token->granted_scope, word, len))
			findings_add(findings, "scope", LEVEL_WARN, STATUS_OK,
				     "the server did not grant '%.*s': may this client have it?", (int)len, word);
	}
}

static void doctor_check_token(struct findings *findings, const struct profile *profile, const struct secret *secret)
{
	CACHED_TOKEN_AUTO(obtained);
	struct endpoint_failure failure;
	struct err err;
	enum status status = obtain_with_secret(profile, secret, &obtained, &failure, &err);

	if (status != STATUS_OK) {
		findings_add(findings, "token", LEVEL_BAD, status, "%s", err.text);
		return;
	}
	token_cache_put(profile, &obtained);
	doctor_check_scope(findings, profile, &obtained.token);
	findings_add(findings, "token", LEVEL_OK, STATUS_OK, "the server gave a new one, valid for %lld s%s%s%s",
		     (long long)(obtained.token.expires_at - obtained.token.issued_at),
		     *obtained.token.granted_scope ? ", scope '" : "", obtained.token.granted_scope,
		     *obtained.token.granted_scope ? "'" : "");
	if (*obtained.warning.text)
		findings_add(findings, "token cache", LEVEL_WARN, STATUS_OK, "%s", obtained.warning.text);
}

static void doctor_check_servers(struct findings *findings, const struct profile *profile, const struct secret *secret)
{
	terminal_wait_begin("the authorization server");
	if (doctor_check_endpoint(findings, profile, secret) == STATUS_OK && secret)
		doctor_check_token(findings, profile, secret);
	terminal_wait_end();
}

// A key that stays in an ssh-agent.
static enum status doctor_check_agent(struct findings *findings, const struct profile *profile)
{
	BUF_AUTO(answer, 65536);
	struct client_key key;
	struct err err;
	enum status status = ssh_agent_describe(profile, &answer, &key, &err);

	if (status != STATUS_OK)
		findings_add(findings, "private key", LEVEL_BAD, status, "%s", err.text);
	else if (ssh_agent_is_forwarded(profile))
		findings_add(
			findings, "private key", LEVEL_WARN, status,
			"in an ssh-agent that sshd forwards: whoever has that machine, or this one, can have it sign as this "
			"client. An agent that runs here is safer");
	else
		findings_add(findings, "private key", LEVEL_OK, status, "in the ssh-agent, which can sign with %s",
			     key.algorithms);
	return status;
}

// A secret that is elsewhere. A program is run only where a server is asked, too.
static enum status doctor_check_source(struct findings *findings, const struct profile *profile, bool online,
				       struct buf *record, struct secret *secret)
{
	const char *what = secret_noun(auth_method_uses_key(profile->auth_method));
	BUF_AUTO(words, 1024);
	struct err err, found;
	enum status status = binding_check(profile, &err);

	if (status == STATUS_OK && profile->ssh_agent) {
		status = doctor_check_agent(findings, profile);
		return status == STATUS_OK ? stored_secret_get(profile, record, secret, NULL) : status;
	}
	secret_source_describe(profile, &words);
	found.text[0] = '\0';
	if (status == STATUS_OK)
		status = secret_source_look(profile, &found);
	if (status != STATUS_OK && *found.text)
		err = found;
	if (status == STATUS_OK && online)
		status = stored_secret_get(profile, record, secret, &err);
	if (status != STATUS_OK)
		findings_add(findings, what, LEVEL_BAD, status, "%s", err.text);
	else if (*found.text)
		findings_add(findings, what, LEVEL_WARN, status, "%s: %s", words.data, found.text);
	else if (!online && profile->secret_command_count)
		findings_add(findings, what, LEVEL_NONE, status,
			     "not looked at: %s is run when a token is requested ('sk-helper doctor %s' runs it)", words.data,
			     profile->name);
	else
		findings_add(findings, what, LEVEL_OK, status, "from %s, for this server", words.data);
	return status;
}

// What the client proves itself with. STATUS_OK, too, where it has no secret.
static enum status doctor_check_client(struct findings *findings, const struct profile *profile, bool online,
				       struct buf *record, struct secret *secret)
{
	const struct keyring *store = keyring_find(profile->secret_store);
	enum status status;
	struct err err;

	*secret = (struct secret){ .value = "" };
	if (!profile_has_secret(profile)) {
		status = trust_profile(profile, &err);
		if (status != STATUS_OK)
			findings_add(findings, "profile", LEVEL_BAD, status, "%s", err.text);
		return status;
	}
	if (profile_secret_is_elsewhere(profile))
		return doctor_check_source(findings, profile, online, record, secret);
	// a keyring that does not answer has its own line, and is not started only to be looked at
	status = store->probe(&err);
	if (status == STATUS_OK)
		return doctor_check_secret(findings, profile, record, secret);
	findings_add(findings, "client secret", LEVEL_NONE, STATUS_OK, "not looked at: the %s keyring does not answer",
		     profile->secret_store);
	return status;
}

// Its claims, and never itself.
static void doctor_describe_identity(struct findings *findings, const struct identity_claims *claims, int64_t now)
{
	BUF_AUTO(audience, IDENTITY_TOKEN_MAX);

	identity_claims_put_audience(claims, &audience);
	findings_add(
		findings, "identity token", LEVEL_OK, STATUS_OK,
		"issuer '%.200s', subject '%.200s', for '%.200s', ends in %lld s: the server must know this issuer and subject",
		claims->issuer, claims->subject, audience.len ? audience.data : "", (long long)(claims->expires_at - now));
}

// Whether the platform's identity token could be sent now. One that is made anew each time is asked for only where a server is asked, too.
static bool doctor_check_identity(struct findings *findings, const struct profile *profile, bool online)
{
	IDENTITY_TOKEN_AUTO(token);
	IDENTITY_CLAIMS_AUTO(claims);
	struct identity_source source;
	int64_t now = clock_now().wall;
	struct sent_token sent;
	char room[URL_MAX + 1];
	struct err err;
	enum status status;

	if (!online && identity_source_of(&source, profile->identity_token) && identity_kinds[source.kind].is_new_each_time) {
		findings_add(findings, "identity token", LEVEL_NONE, STATUS_OK,
			     "not looked at: it is made anew each time ('sk-helper doctor %s' asks for one)", profile->name);
		return false;
	}
	status = identity_token_read(profile, &token, &err);
	if (status == STATUS_OK)
		status = identity_claims_read(token.text.data, &claims, &err);
	if (status == STATUS_OK)
		status = identity_claims_check(&claims, profile_identity_audience(profile, room), now, &err);
	if (status != STATUS_OK) {
		findings_add(findings, "identity token", LEVEL_BAD, status, "%s", err.text);
		return false;
	}
	doctor_describe_identity(findings, &claims, now);
	if (identity_token_may_be_reused(profile) || !sent_token_is_marked(token.sha256, &sent))
		return true;
	findings_add(findings, "identity token", LEVEL_NONE, STATUS_OK,
		     "it was sent %lld s ago, and each is sent only once: the next access token needs the next one",
		     (long long)(now - sent.sent_at));
	return false;
}

static void doctor_check_profile(struct findings *findings, const char *name, bool online)
{
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	BUF_AUTO(record, SECRET_RECORD_MAX);
	struct profile profile;
	struct secret secret;
	bool usable = true;
	struct err err;
	enum status status = profile_dir_load(name, &text, &profile, &err);

	findings->profile = name;
	if (status != STATUS_OK) {
		findings_add(findings, "profile", LEVEL_BAD, status, "%s%s%s%s", err.text,
			     status == STATUS_USAGE ? "; 'sk-helper edit " : "", status == STATUS_USAGE ? name : "",
			     status == STATUS_USAGE ? "' opens it" : "");
		return;
	}
	findings_add(findings, "profile", LEVEL_OK, STATUS_OK, "%s (%s)", name, profile.path);
	status = doctor_check_client(findings, &profile, online, &record, &secret);
	// what is not trusted is not run, nor read
	if (profile.identity_token && status != STATUS_POLICY)
		usable = doctor_check_identity(findings, &profile, online);
	doctor_check_last_request(findings, &profile);
	if (online)
		doctor_check_servers(findings, &profile, status == STATUS_OK && usable ? &secret : NULL);
}

static bool doctor_visit_profile(const char *name, void *context)
{
	struct findings *findings = context;

	if (!findings->json)
		puts("");
	doctor_check_profile(findings, name, false);
	return true;
}

static enum status doctor_take_word(void *context, const char *option, const char *value, struct err *err)
{
	struct doctor_call *call = context;

	if (!option && call->name)
		return err_set(err, STATUS_USAGE, "doctor takes the name of one profile, not also '%s'", value);
	if (!option)
		call->name = value;
	else if (!strcmp(option, "--offline"))
		call->offline = true;
	else
		call->json = true;
	return STATUS_OK;
}

// There are no keyrings and no profiles here: only whether somebody answers at the socket.
static enum status doctor_check_socket(const struct doctor_call *call, struct err *err)
{
	struct findings findings = findings_begin(call->json);
	BUF_AUTO(text, MESSAGE_MAX);
	struct shared_profiles shared;
	struct err why;
	enum status status = share_client_profiles(&shared, &text, &why);

	findings_add(&findings, "sk-helper", LEVEL_OK, STATUS_OK, "version " SK_VERSION);
	if (status != STATUS_OK)
		findings_add(&findings, "socket", LEVEL_BAD, status, "%s", why.text);
	for (size_t i = 0; status == STATUS_OK && i < shared.count; i++) {
		findings_add(&findings, "socket", LEVEL_OK, STATUS_OK, "profile '%s' is shared at '%s'",
			     shared.profiles[i].name, profile_dir_socket());
	}
	return findings_end(&findings, err);
}

enum status command_doctor(char **args, struct err *err)
{
	const struct options options = { "doctor", doctor_options, false };
	struct doctor_call call = { 0 };
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	struct findings findings;
	struct profile profile;
	enum status status = options_parse(&options, &args, doctor_take_word, &call, err);

	if (status == STATUS_OK && profile_dir_socket())
		return doctor_check_socket(&call, err);
	if (status == STATUS_OK && call.name)
		status = profile_name_check(call.name, err);
	// one that is not there has nothing that could be looked at
	if (status == STATUS_OK && call.name && profile_dir_load(call.name, &text, &profile, err) == STATUS_NOT_FOUND)
		status = STATUS_NOT_FOUND;
	if (status != STATUS_OK)
		return status;
	findings = findings_begin(call.json);
	doctor_check_version(&findings);
	doctor_check_programs(&findings);
	doctor_check_keyrings(&findings, call.name);
	doctor_check_audit(&findings);
	if (call.name)
		doctor_check_profile(&findings, call.name, !call.offline);
	else if (profile_dir_each_by_name(doctor_visit_profile, &findings, err) != STATUS_OK)
		findings_add(&findings, "profiles", LEVEL_BAD, err->status, "%s", err->text);
	return findings_end(&findings, err);
}

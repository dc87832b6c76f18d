// SPDX-License-Identifier: MIT
// doctor: what each keyring says, and whether a profile's server can be reached and believed; with the cure for what cannot.
#include "base/text.h"
#include "core/ask-oauth.h"
#include "core/commands.h"
#include "core/flight.h"
#include "core/stored-secret.h"
#include "core/terminal.h"
#include "keyring/keyring.h"
#include "model/auth-method.h"
#include "model/profile-dir.h"
#include "model/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// More than this between the clocks, and tokens are stale, or not yet valid, on arrival.
#define CLOCK_TOLERANCE 30

static void doctor_say_word(const char *what, const char *word, const char *text)
{
	char clean[768];

	(void)snprintf(clean, sizeof clean, "%s", text);
	text_sanitize(clean);
	printf("%-16s %s%-3s%s  %s\n", what,
	       terminal_color(!strcmp(word, "BAD") ? TERMINAL_BAD :
			      !strcmp(word, "ok")  ? TERMINAL_GOOD :
						     TERMINAL_PLAIN),
	       word, terminal_color(TERMINAL_PLAIN), clean);
}

static void doctor_say(const char *what, bool good, const char *text)
{
	doctor_say_word(what, good ? "ok" : "BAD", text);
}

static enum status check_keyrings(const char *wanted, struct err *err)
{
	enum status best = STATUS_UNAVAILABLE;

	for (size_t i = 0; i < KEYRING_COUNT; i++) {
		struct err found;
		enum status status = keyrings[i]->probe(&found);

		// what the profile does not use may be as it is
		doctor_say_word(keyrings[i]->name,
				status == STATUS_OK				 ? "ok" :
				wanted && strcmp(wanted, keyrings[i]->name) != 0 ? "-" :
										   "BAD",
				found.text);
		if (!wanted || !strcmp(wanted, keyrings[i]->name)) {
			if (best != STATUS_OK)
				best = err_set(err, status, "%s", found.text);
		}
	}
	return best;
}

static enum status check_secret(const struct profile *profile, struct buf *record, struct secret *secret, struct err *err)
{
	const struct keyring *store = keyring_find(profile->secret_store);
	enum status status = stored_secret_get(profile, record, secret, err);

	if (status == STATUS_NOT_FOUND)
		err_set(err, status, "not in the %s keyring: 'sk-helper add' puts it there", store->name);
	if (status == STATUS_OK)
		err_set(err, status, "in the %s keyring, given for this server: %s", store->name, store->after_reboot);
	return status;
}

// What a get would say without asking the server.
static void check_last_request(const struct profile *profile)
{
	struct err why;

	if (flight_last_failure(profile, &why))
		doctor_say("last request", false, why.text);
}

// Whether other processes of the user can look into our private programs in the moment before they have closed themselves.
static void check_programs(void)
{
	static const char *const programs[] = { "sk-core", "sk-oauth", "sk-secret-service" };
	char path[PROFILE_PATH_MAX], text[PROFILE_PATH_MAX + 200];
	struct stat st;

	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
		(void)snprintf(path, sizeof path, SK_LIBEXECDIR "/sk-helper/%s", programs[i]);
		if (stat(path, &st) == 0 && st.st_uid == 0 && !(st.st_mode & (S_IRGRP | S_IROTH)))
			continue;
		(void)snprintf(
			text, sizeof text,
			"'%.3000s' can be read, so other programs of yours can look into it while it starts: install sk-helper as "
			"root (sudo make install)",
			path);
		doctor_say_word("programs", "-", text);
		return;
	}
	doctor_say("programs", true, "other programs of yours cannot look into sk-helper's private programs");
}

static void check_sandbox(const struct endpoint_report *report)
{
	char text[300];

	if (report->landlock == 0)
		(void)snprintf(text, sizeof text,
			       "this kernel has no Landlock: the program that talks to the network could open your files%s",
			       report->seccomp ? "" : "; and no seccomp: it could use your keyring");
	else if (!report->seccomp)
		(void)snprintf(text, sizeof text,
			       "this kernel has no seccomp: the program that talks to the network could use your keyring");
	else if (report->landlock < 4)
		(void)snprintf(
			text, sizeof text,
			"files and keyrings are out of reach of the program that talks to the network; other ports are not (Landlock "
			"version %lld: Linux 6.7 has version 4)",
			(long long)report->landlock);
	else
		(void)snprintf(
			text, sizeof text,
			"files, keyrings and other ports are out of reach of the program that talks to the network (Landlock version "
			"%lld, seccomp)",
			(long long)report->landlock);
	doctor_say_word("sandbox", report->landlock && report->seccomp ? "ok" : "-", text);
}

// secret: NULL where there is none. A certificate is shown to the server; no other credential is.
static enum status doctor_check_endpoint(const struct profile *profile, const struct secret *secret, struct err *err)
{
	BUF_AUTO(answer, 65536);
	struct endpoint_report report;
	struct moment before = clock_now(), now;
	enum status status = oauth_probe_endpoint(profile, secret, &answer, &report, err);
	long long off = 0;
	char text[200];

	check_sandbox(&report);
	doctor_say("token endpoint", status == STATUS_OK, status == STATUS_OK ? profile->token_endpoint : err->text);
	if (status != STATUS_OK)
		return status;
	now = clock_now();
	if (text_starts(profile->token_endpoint, "https:")) {
		(void)snprintf(text, sizeof text, "the server's certificate is verified (%s)%s", report.address,
			       auth_method_uses_certificate(profile->auth_method) ? "; ours can be used" : "");
		doctor_say("TLS", true, text);
	} else {
		doctor_say("TLS", true, "none: plain http to this machine itself, where the server's owner is checked");
	}
	if (!report.date) {
		doctor_say("clock", true, "the server does not say what time it has");
		return STATUS_OK;
	}
	if (report.date < before.wall)
		off = (long long)(before.wall - report.date);
	else if (report.date > now.wall)
		off = (long long)(now.wall - report.date);
	(void)snprintf(text, sizeof text,
		       llabs(off) <= CLOCK_TOLERANCE ? "within %lld s of the server's" :
						       "%lld s away from the server's: set this machine's clock (timedatectl)",
		       llabs(off));
	doctor_say("clock", llabs(off) <= CLOCK_TOLERANCE, text);
	return STATUS_OK;
}

enum status command_doctor(char **args, struct err *err)
{
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	BUF_AUTO(record, SECRET_RECORD_MAX);
	char name[PROFILE_NAME_MAX + 1];
	const char *wanted = NULL;
	struct profile profile;
	struct secret secret;
	enum status status, endpoint;

	status = args[0] ? command_take_profile("doctor", args, &wanted, err) : STATUS_OK;
	if (status != STATUS_OK)
		return status;
	status = profile_dir_choose(name, wanted, "doctor NAME", err);
	if (status != STATUS_OK && wanted)
		return status;
	if (status != STATUS_OK) {
		struct err why = *err;

		status = check_keyrings(NULL, err);
		doctor_say("profile", true, why.text);
		return status;
	}
	status = profile_dir_load(name, &text, &profile, err);
	if (status != STATUS_OK)
		return status;
	status = check_keyrings(profile.secret_store, err);
	doctor_say("profile", true, profile.name);
	if (status == STATUS_OK) {
		status = check_secret(&profile, &record, &secret, err);
		doctor_say(auth_method_uses_key(profile.auth_method) ? "private key" : "client secret", status == STATUS_OK,
			   err->text);
	}
	check_programs();
	check_last_request(&profile);
	endpoint = doctor_check_endpoint(&profile, status == STATUS_OK ? &secret : NULL,
					 status == STATUS_OK ? err : &(struct err){ 0 });
	if (status == STATUS_OK)
		status = endpoint;
	if (status != STATUS_OK)
		err_prefix(err, "profile '%s'", profile.name);
	return status;
}

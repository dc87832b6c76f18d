// SPDX-License-Identifier: MIT
#include "core/obtain.h"

#include "base/debug.h"
#include "base/random.h"
#include "core/advice.h"
#include "core/audit.h"
#include "core/flight.h"
#include "core/identity-token.h"
#include "core/renewals.h"
#include "core/source-runner.h"
#include "core/stored-secret.h"
#include "model/auth-method.h"

#include <string.h>

// Where nobody says which token was refused: one of just now is not the one.
#define RECENT_TOKEN_MS 30000

// Nobody types faster than that.
#define PERSON_PAUSE_MS 1000

// --- a request to the authorization server

// The lifetime counts from before the request was sent.
static enum status request_token(const struct profile *profile, const struct request *request, const struct secret *secret,
				 struct cached_token *obtained, struct endpoint_failure *failure, struct err *err)
{
	struct moment sent = clock_now();
	struct token *token = &obtained->token;
	struct grant grant = { 0 };
	enum status status;
	int64_t lifetime;

	IDENTITY_TOKEN_AUTO(identity);

	buf_reset(&obtained->record);
	status = profile->identity_token ? identity_token_take(profile, &identity, err) : STATUS_OK;
	if (status != STATUS_OK)
		return status;
	sent = clock_now();
	status = oauth_request_token(profile, request, secret, identity.text.data, &obtained->record, &grant, failure, err);
	if (status != STATUS_OK && failure->was_kept_back)
		identity_token_put_back(&identity);
	else if (status == STATUS_REFUSED)
		identity_token_note(&identity, failure->http_status);
	if (status == STATUS_OK && profile->identity_token && !strcmp(grant.access_token, identity.text.data))
		status = err_set(err, STATUS_POLICY, "token endpoint: the access token is the identity token itself");
	if (status != STATUS_OK)
		return status;
	clock_boot_id(obtained->boot_id);
	lifetime = grant.expires_in ? grant.expires_in : profile->default_ttl;
	token_bind(token, profile, request);
	token->access_token = grant.access_token;
	token->granted_scope = grant.scope;
	token->issued_at = sent.wall;
	token->expires_at = sent.wall + lifetime;
	token->boot_expires_ms = sent.boot + lifetime * 1000;
	token->boot_id = obtained->boot_id;
	return STATUS_OK;
}

// The server's answer, for the trail.
static void obtain_tell(const struct profile *profile, const struct request *request, enum audit_kind kind,
			const struct cached_token *obtained, const struct endpoint_failure *failure, const struct err *err)
{
	const bool failed = err && err->status != STATUS_OK;
	const struct audit_event event = { .kind = failed ? AUDIT_REFUSED : kind,
					   .profile = profile,
					   .request = request,
					   .token = failed ? NULL : &obtained->token,
					   .status = failed ? err->status : STATUS_OK,
					   .error = failure->error,
					   .http_status = failure->http_status };

	if (!failed || err->status == STATUS_REFUSED)
		audit_say(&event);
}

enum status obtain_with_secret(const struct profile *profile, const struct secret *secret, struct cached_token *obtained,
			       struct endpoint_failure *failure, struct err *err)
{
	const struct request request = request_of(profile);
	enum status status;
	struct err why;

	*failure = (struct endpoint_failure){ 0 };
	status = request_token(profile, &request, secret, obtained, failure, &why);
	obtain_tell(profile, &request, AUDIT_ISSUED, obtained, failure, status == STATUS_OK ? NULL : &why);
	if (status == STATUS_OK)
		return status;
	advice_append(profile, secret, false, failure, &why);
	return err_set(err, status, "%s", why.text);
}

// Tried once: the server may not know the new secret yet, or may have been restored from an older backup.
static enum status request_with_previous(const struct profile *profile, const struct request *request, struct secret *secret,
					 struct cached_token *obtained, struct err *err)
{
	struct endpoint_failure failure = { 0 };

	secret->value = secret->previous;
	if (request_token(profile, request, secret, obtained, &failure, NULL) != STATUS_OK)
		return err->status;
	err_set(&obtained->warning, STATUS_REFUSED, "the server refuses the new %s, and accepts the previous one",
		secret_noun(secret->is_key));
	return STATUS_OK;
}

static enum status request_with_stored_secret(const struct profile *profile, const struct request *request,
					      struct cached_token *obtained, struct endpoint_failure *failure, struct err *err)
{
	const struct keyring *store = keyring_find(profile->secret_store);
	bool is_key = auth_method_uses_key(profile->auth_method);
	BUF_AUTO(record, SECRET_RECORD_MAX);
	struct secret secret = { .value = "", .previous = "" };
	enum status status = client_secret_get(profile, &record, &secret, err);

	if (status == STATUS_NOT_FOUND && store)
		return err_set(err, status, "its %s is not in the %s keyring%s: 'sk-helper add %s%s' %s", secret_noun(is_key),
			       store->name, keyring_why_missing(store), profile->name, is_key ? " --private-key FILE" : "",
			       is_key ? "stores it" : "asks for it");
	if (status != STATUS_OK)
		return status;
	status = request_token(profile, request, &secret, obtained, failure, err);
	// an identity token that has been sent is not sent again with the other one
	if (status != STATUS_OK && failure->error == OAUTH_INVALID_CLIENT && *secret.previous &&
	    (!profile->identity_token || identity_token_may_be_reused(profile)))
		status = request_with_previous(profile, request, &secret, obtained, err);
	else if (status == STATUS_OK)
		stored_secret_has_worked(profile, &secret);
	if (status != STATUS_OK)
		advice_append(profile, &secret, true, failure, err);
	return status;
}

// When a renewal that has failed is tried again: the token that is there is good for a while.
static int64_t obtain_renewal_time(const struct cached_token *cached)
{
	struct moment now = clock_now();
	int64_t left = cached_token_left(cached, now) - token_margin(&cached->token);

	return left > 0 ? now.boot + token_renewal_pause_ms(left, random_number()) : 0;
}

// Under the lock: request, cache, and a note of how it ended.
static enum status request_and_note(const struct profile *profile, const struct request *request, const struct flight *flight,
				    struct cached_token *obtained, struct err *err)
{
	CACHED_TOKEN_AUTO(previous);
	bool replaces = token_cache_get(profile, request, &previous);
	struct endpoint_failure failure = { 0 };
	struct outcome outcome = { 0 };
	struct err why;

	outcome.status = request_with_stored_secret(profile, request, obtained, &failure, &why);
	obtain_tell(profile, request, replaces ? AUDIT_RENEWED : AUDIT_ISSUED, obtained, &failure,
		    outcome.status == STATUS_OK ? NULL : &why);
	if (outcome.status == STATUS_OK) {
		token_cache_put(profile, obtained);
	} else {
		outcome.error = failure.error;
		outcome.was_asked = failure.was_asked;
		outcome.http_status = failure.http_status;
		err_set(err, outcome.status, "%s", why.text);
		outcome.renew_at = replaces ? obtain_renewal_time(&previous) : 0;
	}
	flight_note(flight, &outcome, failure.retry_after);
	return outcome.status;
}

// --- the decision

// Whether the token that is cached answers a request that began at began_at.
static bool cached_token_is_enough(const struct cached_token *cached, const struct request *request, struct moment began_at,
				   bool other_succeeded)
{
	struct moment now = clock_now(), since = began_at;
	enum freshness freshness;

	if (cached_token_left(cached, now) <= 0)
		return false;
	if (request->refused_token)
		return strcmp(cached->token.access_token, request->refused_token) != 0 &&
		       cached_token_freshness(cached, now, request->min_ttl) != TOKEN_STALE;
	// A token that another process requested after this request began is as new as any that we would get, and if that process
	// succeeded while we waited, as long-lived, too.
	if (request->renewal)
		since.boot -= RECENT_TOKEN_MS;
	if (token_issued_since(&cached->token, since, cached->boot_id) || (other_succeeded && !request->fresh))
		return true;
	if (request->fresh || request->renewal)
		return false;
	freshness = cached_token_freshness(cached, now, request->min_ttl);
	return request->long_lived ? freshness == TOKEN_FRESH : freshness != TOKEN_STALE;
}

static bool obtain_from_cache(const struct profile *profile, const struct request *request, struct moment began_at,
			      bool other_succeeded, struct cached_token *obtained)
{
	return token_cache_get(profile, request, obtained) &&
	       cached_token_is_enough(obtained, request, began_at, other_succeeded);
}

// A cached token that is still valid is renewed because it was refused. The number of such renewals is limited.
static enum status check_renewal(const struct profile *profile, const struct request *request, struct cached_token *obtained,
				 struct err *err)
{
	int64_t wait_s;

	if (!request->renewal || !token_cache_get(profile, request, obtained) ||
	    cached_token_left(obtained, clock_now()) <= 0 || renewal_may_be_made(profile, request->renewal, &wait_s))
		return STATUS_OK;
	return err_set(
		err, STATUS_TEMPORARY,
		"servers have refused several new tokens in a row, so the next one is requested in %lld s: check that this "
		"client is allowed to use that server",
		(long long)wait_s);
}

// A person who has just mended it at the server, and says --fresh, does not wait for the pause after a refusal. A loop does.
static bool obtain_tries_again(const struct request *request, const struct outcome *last, struct moment began_at)
{
	return request->fresh && request->from_person && last->status == STATUS_REFUSED &&
	       began_at.boot - last->ended_at > PERSON_PAUSE_MS;
}

// Under the lock, after what others have got meanwhile has been looked at.
static enum status obtain_in_flight(const struct profile *profile, const struct request *request, const struct flight *flight,
				    struct moment began_at, struct cached_token *obtained, struct err *err)
{
	const struct secret unknown = { .value = "" };
	struct endpoint_failure failure;
	struct outcome last;
	bool known = flight_last(flight, &last);
	bool other_succeeded = known && last.ended_at >= began_at.boot && last.status == STATUS_OK;
	enum status status;

	if (obtain_from_cache(profile, request, began_at, other_succeeded, obtained))
		return STATUS_OK;
	if (known && !obtain_tries_again(request, &last, began_at) && outcome_is_for(&last, began_at.boot, err)) {
		failure = (struct endpoint_failure){ .error = last.error, .http_status = last.http_status };
		advice_append(profile, &unknown, true, &failure, err);
		return last.status;
	}
	status = check_renewal(profile, request, obtained, err);
	return status == STATUS_OK ? request_and_note(profile, request, flight, obtained, err) : status;
}

// While the server is away: a token that is good, though not as good as was asked for.
static bool obtain_shorter_lived(const struct profile *profile, const struct request *request, struct cached_token *obtained)
{
	return (request->min_ttl || request->long_lived) && !request->fresh && !request->renewal &&
	       token_cache_get(profile, request, obtained) && cached_token_freshness(obtained, clock_now(), 0) != TOKEN_STALE;
}

// Whether the server's tokens live too short a time for this request: a new one would be no better than the one that is there.
static enum status check_lifetime(const struct request *request, const struct cached_token *cached, struct err *err)
{
	int64_t lifetime = cached->token.expires_at - cached->token.issued_at;

	if (request->min_ttl <= lifetime)
		return STATUS_OK;
	return err_set(err, STATUS_POLICY,
		       "--min-ttl wants a token for %lld s, and the server's tokens are valid for %lld s: ask for less",
		       (long long)request->min_ttl, (long long)lifetime);
}

// As long as another process may take for its request, and for the identity token, or the secret, before it.
static int64_t obtain_wait_ms(const struct profile *profile)
{
	return (profile->timeout + 6 + (profile->identity_token ? profile->timeout + SOURCE_SECONDS : 0) +
		(profile_secret_is_elsewhere(profile) ? profile->secret_timeout : 0)) *
	       1000;
}

enum status obtain_token(const struct profile *profile, const struct request *request, struct cached_token *obtained,
			 struct err *err)
{
	struct moment began_at = clock_now();
	struct flight flight;
	enum status status;

	if (obtain_from_cache(profile, request, began_at, false, obtained))
		return STATUS_OK;
	if (request->min_ttl && !request->fresh && token_cache_get(profile, request, obtained) &&
	    cached_token_freshness(obtained, began_at, 0) != TOKEN_STALE) {
		status = check_lifetime(request, obtained, err);
		if (status != STATUS_OK)
			return status;
	}
	status = flight_begin(&flight, profile, request, 0, NULL);
	if (status == STATUS_OK)
		oauth_start(); // nobody else is asking, so most probably we have to
	else
		debug_say("another process is requesting this token: its answer is waited for");
	if (status != STATUS_OK)
		status = flight_begin(&flight, profile, request, obtain_wait_ms(profile), err);
	if (status != STATUS_OK)
		return status;
	status = obtain_in_flight(profile, request, &flight, began_at, obtained, err);
	oauth_stop();
	flight_end(&flight);
	// an identity token that the platform has not renewed yet, or a secret that is locked, is no reason to go without the token that is there
	if ((status == STATUS_TEMPORARY ||
	     (status != STATUS_OK && (profile->identity_token || profile_secret_is_elsewhere(profile)))) &&
	    obtain_shorter_lived(profile, request, obtained)) {
		err_set(&obtained->warning, status, "%s: the cached token is good for a shorter time than was asked for",
			err->text);
		return STATUS_OK;
	}
	return status == STATUS_OK ? check_lifetime(request, obtained, err) : status;
}

enum status obtain_renewal(const struct profile *profile, const struct request *request, struct err *err)
{
	CACHED_TOKEN_AUTO(obtained);
	struct moment now = clock_now();
	struct outcome last;
	struct flight flight;
	enum status status = STATUS_OK;

	if (flight_begin(&flight, profile, request, 0, NULL) != STATUS_OK)
		return STATUS_OK;
	if (!(token_cache_get(profile, request, &obtained) && cached_token_freshness(&obtained, now, 0) == TOKEN_FRESH) &&
	    !(flight_last(&flight, &last) && last.status != STATUS_OK &&
	      ((now.boot < last.renew_at && !last.is_of_another_identity) || outcome_is_for(&last, now.boot, NULL))))
		status = request_and_note(profile, request, &flight, &obtained, err);
	flight_end(&flight);
	return status;
}

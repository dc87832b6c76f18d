// SPDX-License-Identifier: MIT
// Sources: the vendors' documentation and SDKs. No variable that would choose another server (such as ANTHROPIC_BASE_URL or
// AZURE_AUTHORITY_HOST) is read: whoever can set it would get the identity token.
#include "core/presets.h"

#include "base/nearest.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct preset_line preset_anthropic[] = {
	{ .key = "token_endpoint", .value = "https://api.anthropic.com/v1/oauth/token" },
	{ .key = "grant", .value = "jwt-bearer" },
	{ .key = "token_request", .value = "json" },
	{ .key = "assertion_audience", .value = "https://api.anthropic.com" },
	{ .key = "url", .value = "https://api.anthropic.com" },
	{ .key = "identity_token", .value = "file:$ANTHROPIC_IDENTITY_TOKEN_FILE" },
	{ .key = "identity_token",
	  .value = "env:ANTHROPIC_IDENTITY_TOKEN",
	  .if_set = "ANTHROPIC_IDENTITY_TOKEN",
	  .missing = "--identity-token SOURCE, or ANTHROPIC_IDENTITY_TOKEN_FILE in the environment" },
	{ .key = "param",
	  .value = "federation_rule_id=$ANTHROPIC_FEDERATION_RULE_ID",
	  .missing = "--param federation_rule_id=fdrl_..., or ANTHROPIC_FEDERATION_RULE_ID in the environment" },
	{ .key = "param",
	  .value = "organization_id=$ANTHROPIC_ORGANIZATION_ID",
	  .missing = "--param organization_id=UUID, or ANTHROPIC_ORGANIZATION_ID in the environment" },
	{ .key = "param", .value = "service_account_id=$ANTHROPIC_SERVICE_ACCOUNT_ID" },
	{ .key = "param", .value = "workspace_id=$ANTHROPIC_WORKSPACE_ID" },
	{ .key = NULL },
};

static const struct preset_line preset_openai[] = {
	{ .key = "token_endpoint", .value = "https://auth.openai.com/oauth/token" },
	{ .key = "grant", .value = "token-exchange" },
	{ .key = "token_request", .value = "json" },
	{ .key = "subject_token_type", .value = "jwt" },
	{ .key = "assertion_audience", .value = "https://api.openai.com/v1" },
	{ .key = "url", .value = "https://api.openai.com" },
	{ .key = "identity_token",
	  .value = "file:$OPENAI_IDENTITY_TOKEN_FILE",
	  .missing = "--identity-token SOURCE, or OPENAI_IDENTITY_TOKEN_FILE in the environment" },
	{ .key = "param",
	  .value = "identity_provider_id=$OPENAI_IDENTITY_PROVIDER_ID",
	  .missing = "--param identity_provider_id=ID, or OPENAI_IDENTITY_PROVIDER_ID in the environment" },
	{ .key = "param",
	  .value = "service_account_id=$OPENAI_SERVICE_ACCOUNT_ID",
	  .missing = "--param service_account_id=ID, or OPENAI_SERVICE_ACCOUNT_ID in the environment" },
	{ .key = NULL },
};

// Its provider for Kubernetes finds the client by the token's issuer and subject, and takes a token as often as it is sent.
static const struct preset_line preset_keycloak[] = {
	{ .key = "grant", .value = "client_credentials" },
	{ .key = "identity_token_reuse", .value = "yes" },
	{ .key = "issuer", .value = NULL, .missing = "--issuer https://HOST/realms/REALM" },
	{ .key = "identity_token",
	  .value = NULL,
	  .missing = "--identity-token file:/PATH of a token whose audience is the realm's issuer" },
	{ .key = NULL },
};

static const struct preset_line preset_entra[] = {
	{ .key = "token_endpoint",
	  .value = "https://login.microsoftonline.com/$AZURE_TENANT_ID/oauth2/v2.0/token",
	  .missing = "--token-endpoint URL, or AZURE_TENANT_ID in the environment" },
	{ .key = "client_id", .value = "$AZURE_CLIENT_ID", .missing = "--client-id ID, or AZURE_CLIENT_ID in the environment" },
	{ .key = "grant", .value = "client_credentials" },
	{ .key = "assertion_audience", .value = "api://AzureADTokenExchange" },
	{ .key = "identity_token",
	  .value = "file:$AZURE_FEDERATED_TOKEN_FILE",
	  .missing = "--identity-token SOURCE, or AZURE_FEDERATED_TOKEN_FILE in the environment" },
	{ .key = "identity_token_reuse", .value = "yes" },
	{ .key = "scope", .value = NULL, .missing = "--scope RESOURCE/.default" },
	{ .key = NULL },
};

static const struct preset_line preset_google[] = {
	{ .key = "token_endpoint", .value = "https://sts.googleapis.com/v1/token" },
	{ .key = "grant", .value = "token-exchange" },
	{ .key = "subject_token_type", .value = "jwt" },
	{ .key = "param", .value = "requested_token_type=urn:ietf:params:oauth:token-type:access_token" },
	{ .key = "scope", .value = "https://www.googleapis.com/auth/cloud-platform" },
	{ .key = "audience",
	  .value = NULL,
	  .missing =
		  "--audience //iam.googleapis.com/projects/N/locations/global/workloadIdentityPools/POOL/providers/PROVIDER" },
	{ .key = "assertion_audience", .value = "https:{audience}" },
	{ .key = "identity_token", .value = NULL, .missing = "--identity-token SOURCE" },
	{ .key = "identity_token_reuse", .value = "yes" },
	{ .key = NULL },
};

static const struct preset_line preset_github_actions[] = {
	{ .key = "identity_token", .value = "github-actions" },
	{ .key = NULL },
};

const struct preset presets[] = {
	{ "anthropic", "the Claude API", preset_anthropic },
	{ "entra", "Microsoft Entra ID", preset_entra },
	{ "github-actions", "a job of GitHub's or Forgejo's Actions, at any server", preset_github_actions },
	{ "google", "Google Cloud's Security Token Service", preset_google },
	{ "keycloak", "a Keycloak realm, in Kubernetes", preset_keycloak },
	{ "openai", "the OpenAI API", preset_openai },
};
const size_t preset_count = sizeof presets / sizeof presets[0];

struct preset_room {
	char *at;
	size_t left;
};

// What a placeholder stands for; NULL where that is not there. *rest is what follows it.
static const char *preset_look_up(const char *at, const struct profile *given, const char **rest, char name[64])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
	size_t len = strspn(at + 1, letters);
	const char *value;

	(void)snprintf(name, 64, "%.*s", (int)len, at + 1);
	*rest = at + 1 + len + (*at == '{');
	value = *at == '{' ? profile_get(given, profile_key_find(name)) : getenv(name);
	return value && *value ? value : NULL;
}

// Whether it can be a part of such a key; in a URL, it must not end its place.
static bool preset_fits(const char *key, const char *value)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-";

	return strcmp(key, "token_endpoint") != 0 || value[strspn(value, plain)] == '\0';
}

// STATUS_NOT_FOUND: a variable in it is not set.
static enum status preset_fill_in(const struct preset_line *line, const struct profile *given, struct preset_room *room,
				  const char **text, struct err *err)
{
	size_t used = 0;
	char name[64];

	*text = room->at;
	for (const char *at = line->value; *at;) {
		const char *rest = at + 1, *value = NULL;
		int len;

		if (*at == '$' || *at == '{') {
			value = preset_look_up(at, given, &rest, name);
			if (!value)
				return STATUS_NOT_FOUND;
			if (!preset_fits(line->key, value))
				return err_set(err, STATUS_USAGE, "%s: '%.64s' cannot be a part of %s", name, value, line->key);
		}
		len = value ? snprintf(room->at + used, room->left - used, "%s", value) :
			      snprintf(room->at + used, room->left - used, "%c", *at);
		if (len < 0 || (size_t)len >= room->left - used)
			return err_set(err, STATUS_USAGE, "%s: the value is too long", line->key);
		used += (size_t)len;
		at = rest;
	}
	room->at += used + 1;
	room->left -= used + 1;
	return STATUS_OK;
}

// Whether the key is there; of parameters, the one of the same name.
static bool preset_is_given(const struct preset_line *line, const struct profile *given)
{
	const struct profile_key *key = profile_key_find(line->key);
	size_t name;

	if (!strcmp(line->key, "url"))
		return given->url_count > 0;
	if (strcmp(line->key, "param") != 0)
		return profile_get(given, key) != NULL;
	name = strcspn(line->value, "=") + 1;
	for (size_t i = 0; i < given->param_count; i++) {
		if (!strncmp(given->params[i], line->value, name))
			return true;
	}
	return false;
}

static enum status preset_apply_line(const struct preset_line *line, struct profile *given, struct preset_room *room,
				     struct err *err)
{
	const char *set = line->if_set ? getenv(line->if_set) : "", *text;
	enum status status = STATUS_NOT_FOUND;

	if (preset_is_given(line, given))
		return STATUS_OK;
	if (line->value && set && (!line->if_set || *set))
		status = preset_fill_in(line, given, room, &text, err);
	if (status == STATUS_OK)
		return profile_set(given, line->key, text, err);
	if (status != STATUS_NOT_FOUND)
		return status;
	return line->missing ? err_set(err, STATUS_USAGE, "it needs %s", line->missing) : STATUS_OK;
}

static enum status preset_unknown(const char *name, struct err *err)
{
	struct nearest nearest = nearest_to(name);

	for (size_t i = 0; i < preset_count; i++)
		nearest_offer(&nearest, presets[i].name);
	err_set(err, STATUS_USAGE, "there is no preset '%.64s'", name);
	if (nearest_word(&nearest))
		return nearest_suggest(&nearest, err);
	return err_suffix(err, ": 'sk-helper help add' lists them");
}

enum status preset_apply(const char *name, struct profile *given, char space[PRESET_ROOM], struct err *err)
{
	struct preset_room room = { space, PRESET_ROOM };
	const struct preset *preset = NULL;

	for (size_t i = 0; i < preset_count; i++) {
		if (!strcmp(presets[i].name, name))
			preset = &presets[i];
	}
	if (!preset)
		return preset_unknown(name, err);
	for (const struct preset_line *line = preset->lines; line->key; line++) {
		enum status status = preset_apply_line(line, given, &room, err);

		if (status != STATUS_OK) {
			err_prefix(err, "preset '%s'", name);
			return status;
		}
	}
	return STATUS_OK;
}

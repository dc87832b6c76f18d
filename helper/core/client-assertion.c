// SPDX-License-Identifier: MIT
#include "core/client-assertion.h"

#include "base/wire.h"
#include "core/ask-key.h"
#include "core/ssh-agent.h"
#include "model/auth-method.h"

static enum status assertion_put_from_agent(const struct profile *profile, const struct assertion *wanted, struct buf *request,
					    struct err *err)
{
	BUF_AUTO(text, ASSERTION_MAX);
	enum status status = ssh_agent_sign(profile, wanted, &text, err);

	if (status == STATUS_OK)
		wire_put(request, "client_assertion", text.data);
	return status;
}

enum status client_assertion_put(const struct profile *profile, const struct secret *secret, struct buf *request,
				 struct err *err)
{
	const struct assertion wanted = { .algorithm = profile->assertion_alg,
					  .client_id = profile->client_id,
					  .audience =
						  profile->assertion_audience ? profile->assertion_audience : profile->issuer };
	const char *assertions[ASSERTIONS_MAX];
	BUF_AUTO(answer, ANSWER_MAX);
	enum status status;

	if (!auth_method_uses_key(profile->auth_method) || auth_method_uses_certificate(profile->auth_method))
		return STATUS_OK;
	if (profile->ssh_agent)
		return assertion_put_from_agent(profile, &wanted, request, err);
	status = key_sign(secret->value, &wanted, ASSERTIONS_MAX, &answer, assertions, err);
	for (size_t i = 0; status == STATUS_OK && i < ASSERTIONS_MAX; i++)
		wire_put(request, "client_assertion", assertions[i]);
	return status;
}

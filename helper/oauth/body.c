// SPDX-License-Identifier: MIT
#include "oauth/body.h"

#include "base/json.h"
#include "base/percent.h"

void body_free(struct body *body)
{
	buf_free(&body->text);
}

void body_add(struct body *body, const char *name, const char *value)
{
	struct buf *text = &body->text;

	if (!value)
		return;
	if (body->is_json) {
		json_put(text, text->len ? "," : "{", name);
		json_put(text, ":", value);
		return;
	}
	if (text->len)
		buf_addc(text, '&');
	buf_adds(text, name);
	buf_addc(text, '=');
	percent_put(text, value, PERCENT_FORM);
}

void body_end(struct body *body)
{
	if (body->is_json)
		buf_adds(&body->text, body->text.len ? "}" : "{}");
}

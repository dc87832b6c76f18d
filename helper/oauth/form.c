// SPDX-License-Identifier: MIT
#include "oauth/form.h"

#include "base/percent.h"

void form_add(struct buf *form, const char *name, const char *value)
{
	if (!value)
		return;
	if (form->len)
		buf_addc(form, '&');
	buf_adds(form, name);
	buf_addc(form, '=');
	percent_put(form, value, PERCENT_FORM);
}

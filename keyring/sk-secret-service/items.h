// SPDX-License-Identifier: MIT
// The items that sk-helper keeps in the Secret Service, by libsecret.
#ifndef SK_ITEMS_H
#define SK_ITEMS_H

#include "base/buf.h"
#include "base/status.h"

#include <libsecret/secret.h>

// As it came over the pipe; what is absent is NULL.
struct item_request {
	const char *version, *operation, *name, *path, *collection;
	struct buf value; // lines
};

// Each does one thing with the item of that name and path, in its collection; get writes value= lines to answer, list a name= line for
// each item of ours. STATUS_NOT_FOUND, LOCKED, UNAVAILABLE.
typedef enum status item_operation(SecretService *service, struct item_request *request, struct buf *answer, struct err *err);
item_operation item_get, item_put, item_delete, item_list;

#endif

// SPDX-License-Identifier: MIT
// The session bus, and who provides the Secret Service on it.
#ifndef SK_BUS_H
#define SK_BUS_H

#include "base/status.h"

#include <gio/gio.h>
#include <stdbool.h>

// Connects to the user's session bus, and looks whether the service is there: starts it where may_start; with needs_collection, whether
// the collection that secrets go to is there and unlocked. STATUS_UNAVAILABLE, LOCKED. The caller unrefs *bus, also on failure, unless
// it is NULL. which: what is to be said of the bus that it is, "" where it is the session's own.
enum status bus_open(GDBusConnection **bus, bool may_start, bool needs_collection, char which[300], struct err *err);

// What an error of GLib's means. Frees it.
enum status bus_explain(GError *error, struct err *err);

#endif

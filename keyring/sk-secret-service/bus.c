// SPDX-License-Identifier: MIT
// libsecret's simple calls return the same NULL for "locked" and "not found", and prompt by themselves, so what state the service is in is
// asked over D-Bus first.
#include "bus.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SERVICE	      "org.freedesktop.secrets"
#define SERVICE_PATH  "/org/freedesktop/secrets"
#define CALL_MS	      600
#define ACTIVATION_MS 1500

static bool is_our_socket(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_uid == geteuid();
}

// Hooks run us without DBUS_SESSION_BUS_ADDRESS and XDG_RUNTIME_DIR. The bus of a systemd user session is where it always is; where it
// is there, no variable leads elsewhere: an agent's environment or a repository's could name a bus with a keyring daemon of its own,
// which would be given the secret. Nothing is launched.
static bool bus_find(char which[300])
{
	const char *address = getenv("DBUS_SESSION_BUS_ADDRESS"), *run = getenv("XDG_RUNTIME_DIR");
	char path[512], unix_path[600];
	bool given = address && *address;

	(void)snprintf(path, sizeof path, "/run/user/%u/bus", (unsigned)geteuid());
	(void)snprintf(unix_path, sizeof unix_path, "unix:path=%s", path);
	if (is_our_socket(path)) {
		// an address can be written in many ways ("%2e", a second path=): it is compared for the message alone
		if (given && (!text_starts(address, unix_path) || !strchr(",", address[strlen(unix_path)])))
			(void)snprintf(which, 300,
				       "; the bus that DBUS_SESSION_BUS_ADDRESS names is not your session's, and is not used");
	} else if (given) {
		// other addresses launch a bus (autolaunch:), or have a peer that does not say who it is (tcp:)
		(void)snprintf(which, 300, "; on the bus '%.200s', which DBUS_SESSION_BUS_ADDRESS names", address);
		return text_starts(address, "unix:") && !strchr(address, ';');
	} else {
		if (!run || (size_t)snprintf(path, sizeof path, "%s/bus", run) >= sizeof path || !is_our_socket(path))
			return false;
		(void)snprintf(which, 300, "; on the bus '%.200s', which XDG_RUNTIME_DIR names", path);
	}
	(void)snprintf(unix_path, sizeof unix_path, "unix:path=%s", path);
	return setenv("DBUS_SESSION_BUS_ADDRESS", unix_path, 1) == 0;
}

// "sudo -E" keeps another user's bus address: the process that listens there must not get our secrets.
static bool is_our_bus(GDBusConnection *bus)
{
	GIOStream *stream = g_dbus_connection_get_stream(bus);
	GCredentials *peer = NULL;
	uid_t uid = (uid_t)-1;

	if (G_IS_SOCKET_CONNECTION(stream))
		peer = g_socket_get_credentials(g_socket_connection_get_socket(G_SOCKET_CONNECTION(stream)), NULL);
	if (peer)
		uid = g_credentials_get_unix_user(peer, NULL);
	g_clear_object(&peer);
	return uid == geteuid();
}

static GVariant *call(GDBusConnection *bus, const char *service, const char *path, const char *interface, const char *method,
		      GVariant *arguments, const char *type, int timeout, GError **error)
{
	return g_dbus_connection_call_sync(bus, service, path, interface, method, arguments, G_VARIANT_TYPE(type),
					   G_DBUS_CALL_FLAGS_NO_AUTO_START, timeout, NULL, error);
}

static GVariant *call_bus(GDBusConnection *bus, const char *method, GVariant *arguments, const char *type, int timeout,
			  GError **error)
{
	return call(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method, arguments, type,
		    timeout, error);
}

enum status bus_explain(GError *error, struct err *err)
{
	enum status status;
	char text[300];

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ||
	    g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY)) {
		status = err_set(err, STATUS_UNAVAILABLE, "unresponsive: the keyring daemon runs but does not answer");
	} else {
		(void)snprintf(text, sizeof text, "%s", error ? error->message : "no reason given");
		text_sanitize(text);
		status = err_set(err, STATUS_UNAVAILABLE, "%s", text);
	}
	g_clear_error(&error);
	return status;
}

static bool is_activatable(GDBusConnection *bus)
{
	GVariant *answer = call_bus(bus, "ListActivatableNames", NULL, "(as)", CALL_MS, NULL);
	GVariantIter *names;
	const char *name;
	bool found = false;

	if (!answer)
		return false;
	g_variant_get(answer, "(as)", &names);
	while (g_variant_iter_loop(names, "&s", &name))
		found = found || !strcmp(name, SERVICE);
	g_variant_iter_free(names);
	g_variant_unref(answer);
	return found;
}

// Whether someone provides the service; starts the one that could only if asked to.
static enum status find_provider(GDBusConnection *bus, bool may_start, struct err *err)
{
	GError *error = NULL;
	GVariant *answer = call_bus(bus, "NameHasOwner", g_variant_new("(s)", SERVICE), "(b)", CALL_MS, &error);
	gboolean owned = FALSE;

	if (!answer)
		return bus_explain(error, err);
	g_variant_get(answer, "(b)", &owned);
	g_variant_unref(answer);
	if (owned)
		return STATUS_OK;
	if (!is_activatable(bus))
		return err_set(err, STATUS_UNAVAILABLE,
			       "no provider: no keyring daemon on this bus (gnome-keyring, KWallet and "
			       "KeePassXC are some): start one, or use the kernel keyring");
	if (!may_start)
		return err_set(err, STATUS_UNAVAILABLE,
			       "not running: a keyring daemon is installed but was not started in this session");
	answer = call_bus(bus, "StartServiceByName", g_variant_new("(su)", SERVICE, 0U), "(u)", ACTIVATION_MS, &error);
	if (!answer)
		return bus_explain(error, err);
	g_variant_unref(answer);
	return STATUS_OK;
}

// Whether the collection that secrets go to is there and unlocked.
static enum status check_collection(GDBusConnection *bus, struct err *err)
{
	GError *error = NULL;
	GVariant *answer, *inner;
	const char *path;
	gboolean locked;

	answer = call(bus, SERVICE, SERVICE_PATH, "org.freedesktop.Secret.Service", "ReadAlias",
		      g_variant_new("(s)", "default"), "(o)", CALL_MS, &error);
	if (!answer)
		return bus_explain(error, err);
	g_variant_get(answer, "(&o)", &path);
	if (!strcmp(path, "/")) {
		g_variant_unref(answer);
		return err_set(err, STATUS_UNAVAILABLE,
			       "no default collection: it is made at the first login with a password "
			       "('gnome-keyring-daemon --unlock' makes it, too)");
	}
	inner = call(bus, SERVICE, path, "org.freedesktop.DBus.Properties", "Get",
		     g_variant_new("(ss)", "org.freedesktop.Secret.Collection", "Locked"), "(v)", CALL_MS, &error);
	g_variant_unref(answer);
	if (!inner)
		return bus_explain(error, err);
	g_variant_get(inner, "(v)", &answer);
	locked = g_variant_is_of_type(answer, G_VARIANT_TYPE_BOOLEAN) && g_variant_get_boolean(answer);
	g_variant_unref(answer);
	g_variant_unref(inner);
	if (locked)
		return err_set(err, STATUS_LOCKED,
			       "locked: unlock the keyring (log in, open it in its manager, or "
			       "'gnome-keyring-daemon --unlock') and try again");
	return STATUS_OK;
}

enum status bus_open(GDBusConnection **bus, bool may_start, bool needs_collection, char which[300], struct err *err)
{
	GError *error = NULL;
	enum status status;

	*bus = NULL;
	which[0] = '\0';
	if (!bus_find(which))
		return err_set(err, STATUS_UNAVAILABLE,
			       "no bus: there is no D-Bus session of this user here (DBUS_SESSION_BUS_ADDRESS): "
			       "log in to a session, use 'dbus-run-session', or the kernel keyring");
	*bus = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, &error);
	if (!*bus) {
		status = bus_explain(error, err);
		err_prefix(err, "no bus");
		return status;
	}
	g_dbus_connection_set_exit_on_close(*bus, FALSE);
	if (!is_our_bus(*bus))
		return err_set(err, STATUS_UNAVAILABLE,
			       "no bus: the one that DBUS_SESSION_BUS_ADDRESS names is another user's");
	status = find_provider(*bus, may_start, err);
	return status == STATUS_OK && needs_collection ? check_collection(*bus, err) : status;
}

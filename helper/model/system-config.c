// SPDX-License-Identifier: MIT
#include "model/system-config.h"

#include "base/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool audit_level_parse(const char *word, enum audit_level *level)
{
	static const char *const words[] = { "off", "issue", "all" };

	for (int i = AUDIT_OFF; i <= AUDIT_ALL; i++) {
		if (strcmp(words[i], word) != 0)
			continue;
		*level = (enum audit_level)i;
		return true;
	}
	return false;
}

static enum status system_config_take(struct system_config *config, const struct wire_field *field, struct err *err)
{
	if (!strcmp(field->key, "audit"))
		return audit_level_parse(field->value, &config->audit) ?
			       STATUS_OK :
			       err_set(err, STATUS_USAGE, "audit: '%.60s' is none of: " AUDIT_LEVELS, field->value);
	if (strcmp(field->key, "audit_file") != 0)
		return err_set(err, STATUS_USAGE, "there is no key '%.60s' (there are audit and audit_file)", field->key);
	if (field->value[0] != '/')
		return err_set(err, STATUS_USAGE, "audit_file: '%.200s' is not an absolute path", field->value);
	config->audit_file = field->value;
	return STATUS_OK;
}

static enum status system_config_parse(struct system_config *config, struct buf *text, struct err *err)
{
	struct wire wire = wire_file(text->data, text->len);
	bool has_audit = false;
	struct wire_field field;
	enum wire_result result;
	enum status status = STATUS_OK;

	// what is right counts, whatever else is wrong
	while ((result = wire_next(&wire, &field, status == STATUS_OK ? err : NULL)) == WIRE_FIELD) {
		bool is_audit = !strcmp(field.key, "audit"), twice = is_audit ? has_audit : config->audit_file != NULL;
		enum status one = twice ? STATUS_USAGE : system_config_take(config, &field, status == STATUS_OK ? err : NULL);

		has_audit = has_audit || is_audit;
		if (twice && status == STATUS_OK)
			err_set(err, STATUS_USAGE, "%.60s: given twice", field.key);
		if (status == STATUS_OK)
			status = one;
	}
	return result == WIRE_BAD && status == STATUS_OK ? STATUS_USAGE : status;
}

enum status system_config_load(struct system_config *config, struct buf *text, struct err *err)
{
	int fd = open(SYSTEM_CONFIG_FILE, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	enum status status;
	struct stat st;

	*config = (struct system_config){ .audit = AUDIT_ISSUE };
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? STATUS_OK : err_set(err, STATUS_POLICY, "%s", strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (st.st_uid != 0 && st.st_uid != geteuid()) ||
	    st.st_mode & (S_IWGRP | S_IWOTH))
		status = err_set(err, STATUS_POLICY, "others than root can write to it, so it is not used");
	else if (!buf_read_size(text, fd, SYSTEM_CONFIG_ROOM))
		status = err_set(err, STATUS_POLICY, "it cannot be read");
	else if (text->len > SYSTEM_CONFIG_MAX)
		status = err_set(err, STATUS_POLICY, "it is longer than %d bytes", SYSTEM_CONFIG_MAX);
	else
		status = system_config_parse(config, text, err);
	close(fd);
	if (status != STATUS_OK) {
		err_prefix(err, "%s", SYSTEM_CONFIG_FILE);
	}
	return status;
}

enum audit_level system_config_audit(const struct system_config *config, const struct profile *profile)
{
	enum audit_level own = AUDIT_OFF;

	if (profile && profile->audit)
		(void)audit_level_parse(profile->audit, &own);
	return own > config->audit ? own : config->audit;
}

// SPDX-License-Identifier: MIT
// hook: what to write where, so that a tool asks sk-helper. One table; the README's snippets are compared with it.
#include "base/installed.h"
#include "base/json.h"
#include "base/nearest.h"
#include "base/percent.h"
#include "base/text.h"
#include "core/commands.h"
#include "core/hook-texts.h"
#include "core/hook-write.h"
#include "model/profile-dir.h"
#include "model/url.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

// A URL of the profile's, in the parts that texts are made of.
struct place {
	const char *url; // NULL where it has none
	struct url parts;
	const char *rest; // behind the scheme
	size_t rest_len;  // up to the slashes at the end
};

static struct place place_of(const char *url)
{
	struct place place = { .url = url };

	if (!place.url || url_parse(&place.parts, place.url, NULL) != STATUS_OK)
		return (struct place){ 0 };
	place.rest = place.parts.host;
	place.rest_len = strlen(place.rest);
	while (place.rest[place.rest_len - 1] == '/')
		place.rest_len--;
	return place;
}

// Escapes s for use between single quotes of a shell.
static void put_quoted(struct buf *out, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\'')
			buf_adds(out, "'\\''");
		else
			buf_addc(out, s[i]);
	}
}

static bool is_plain_word(const char *s)
{
	return strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+@%") == strlen(s);
}

// As a shell's word: in quotes where it needs them.
static void put_word(struct buf *out, const char *s)
{
	bool plain = is_plain_word(s);

	if (!plain)
		buf_addc(out, '\'');
	put_quoted(out, s, strlen(s));
	if (!plain)
		buf_addc(out, '\'');
}

// What a word in braces stands for, for one profile.
struct value {
	const char *name;
	bool needs_url;
	struct buf text;
};

#define VALUES_MAX 32
#define SKILL_MAX  32768
#define SKILL_FILE "sk-helper/skills/sk-helper/SKILL.md"

struct values {
	struct value value[VALUES_MAX];
	size_t count;
};

static void values_free(struct values *values)
{
	for (size_t i = 0; i < values->count; i++)
		buf_free(&values->value[i].text);
}

static struct buf *values_add(struct values *values, const char *name, bool needs_url)
{
	struct value *value = &values->value[values->count++];

	*value = (struct value){ name, needs_url, BUF_INIT(4 * URL_MAX) };
	return &value->text;
}

// The user's home directory comes from the environment: what a terminal or a line could read in another way is refused.
static enum status add_home(struct values *values, struct err *err)
{
	const char *home = getenv("HOME") ? getenv("HOME") : "~";

	if (!text_has_no_control(home, strlen(home)))
		return err_set(err, STATUS_USAGE, "hook: HOME has a control character in it");
	buf_adds(values_add(values, "home", false), home);
	put_quoted(values_add(values, "quoted-home", false), home, strlen(home));
	return STATUS_OK;
}

static void add_url_values(struct values *values, const struct profile *profile, const struct place *place)
{
	static const char *const names[] = { "url",	 "quoted-url", "directory", "origin",	"host",
					     "hostname", "place",      "index",	    "json-url", "bridge-args" };
	struct buf *out[sizeof names / sizeof names[0]];
	const struct url *parts = &place->parts;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		out[i] = values_add(values, names[i], true);
	if (!place->url)
		return;
	buf_adds(out[0], place->url);
	put_quoted(out[1], place->url, strlen(place->url));
	buf_add(out[2], place->url, (size_t)(place->rest - place->url) + place->rest_len);
	buf_addc(out[2], '/');
	buf_add(out[3], place->url, (size_t)(parts->path - place->url));
	buf_add(out[4], parts->host, (size_t)(parts->path - parts->host));
	buf_add(out[5], parts->host, parts->host_len);
	buf_add(out[6], place->rest, place->rest_len);
	// "https://USER@host/path/", to stand in single quotes
	buf_add(out[7], place->url, (size_t)(place->rest - place->url));
	percent_put(out[7], profile->username ? profile->username : "oauth2", PERCENT_UNRESERVED);
	buf_addc(out[7], '@');
	put_quoted(out[7], place->rest, place->rest_len);
	buf_addc(out[7], '/');
	json_put_part(out[8], place->url);
	json_put(out[9], "\"bridge\", ", profile->name);
	// with several, the bridge must be told which
	if (profile->url_count > 1)
		json_put(out[9], ", \"--url\", ", place->url);
}

// The skill is a file, so that it can be read by itself. Empty where it is not installed.
static void add_skill(struct values *values)
{
	struct buf *out = values_add(values, "skill", false);
	char path[INSTALLED_PATH_MAX];
	int fd;

	installed_data(path, SKILL_FILE);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	*out = (struct buf)BUF_INIT(SKILL_MAX);
	if (fd < 0)
		return;
	(void)buf_read(out, fd);
	close(fd);
}

static void add_program(struct values *values)
{
	char program[INSTALLED_PATH_MAX], bin[INSTALLED_PATH_MAX];
	BUF_AUTO(word, INSTALLED_PATH_MAX * 4);
	struct buf *out;
	bool plain;

	installed_path(program, "sk-helper");
	installed_bin_dir(bin);
	plain = is_plain_word(bin);
	put_word(&word, program);
	buf_adds(values_add(values, "sk", false), word.data);
	put_word(values_add(values, "bin", false), bin);
	buf_adds(values_add(values, "raw-sk", false), program);
	buf_adds(values_add(values, "raw-bin", false), bin);
	json_put_part(values_add(values, "json-sk", false), program);
	json_put_part(values_add(values, "json-sk-word", false), word.data);
	out = values_add(values, "git-helper", false);
	// git takes a path as it is, and a command of the shell's after "!" (gitcredentials(7), "helper")
	buf_adds(out, plain ? "" : "\"!");
	put_word(out, bin);
	buf_adds(out, plain ? "/git-credential-sk" : "/git-credential-sk\"");
	// rclone and Go have no single quotes
	buf_addf(values_add(values, "double-quoted-sk", false), plain ? "%s" : "\"%s\"", program);
}

// All of them but the skill, which one text alone has; those of the URL are empty where the profile has none.
static enum status values_fill(struct values *values, const struct profile *profile, const struct place *place, struct err *err)
{
	struct buf *out;
	enum status status;

	add_program(values);
	buf_adds(values_add(values, "name", false), profile->name);
	// a dot would make two keys of it in TOML, and Cargo takes none at all
	out = values_add(values, "word", false);
	for (const char *s = profile->name; *s; s++)
		buf_addc(out, *s == '.' ? '-' : *s);
	out = values_add(values, "git-note", false);
	if (!profile->username && *profile->name)
		buf_addf(out,
			 "# git before 2.46 cannot send Bearer, and wants a user name: sk-helper set %s --username oauth2\n",
			 profile->name);
	buf_addf(values_add(values, "uid", false), "%u", (unsigned)getuid());
	status = add_home(values, err);
	if (status == STATUS_OK)
		add_url_values(values, profile, place);
	return status;
}

static const struct value *values_find(const struct values *values, const char *name, size_t len)
{
	for (size_t i = 0; i < values->count; i++) {
		if (strlen(values->value[i].name) == len && !strncmp(values->value[i].name, name, len))
			return &values->value[i];
	}
	return NULL;
}

// False when the profile lacks what the text needs.
static bool hook_fill_in(struct buf *out, const char *text, const struct values *values, bool has_url)
{
	while (*text) {
		size_t len = *text == '{' ? strspn(text + 1, "abcdefghijklmnopqrstuvwxyz-") : 0;
		const struct value *value = len && text[len + 1] == '}' ? values_find(values, text + 1, len) : NULL;

		if (!value) {
			buf_addc(out, *text++);
			continue;
		}
		if (value->needs_url && !has_url)
			return false;
		if (!buf_ok(&value->text))
			buf_fail(out);
		buf_add(out, value->text.data, value->text.len);
		text += len + 2;
	}
	return true;
}

// What the tool asks for must be what the profile is for.
static enum status hook_check_url(const struct hook *hook, const struct profile *profile, const struct place *place,
				  struct err *err)
{
	if (!place->url)
		return STATUS_OK;
	if (hook->only == ONLY_HOST && place->rest_len > (size_t)(place->parts.path - place->parts.host))
		return err_set(
			err, STATUS_USAGE,
			"%s sends only a host, so no url with a path covers its request: profile '%s' has '%.*s': 'sk-helper set %s --unset "
			"url --url %.*s'",
			hook->tool, profile->name, url_shown(place->url), place->url, profile->name,
			(int)(place->parts.path - place->url), place->url);
	if (hook->only == ONLY_HTTPS && !place->parts.https)
		return err_set(err, STATUS_USAGE, "%s sends credentials over https only, but profile '%s' has the url '%.*s'",
			       hook->tool, profile->name, url_shown(place->url), place->url);
	return STATUS_OK;
}

// --- the snippet

// Where it belongs.
static bool hook_put_where(struct buf *out, const struct hook *hook, const struct values *values, bool has_url)
{
	if (hook->where)
		return hook_fill_in(out, hook->where, values, has_url);
	if (hook->user_file && !hook_fill_in(out, hook->user_file, values, has_url))
		return false;
	buf_adds(out, hook->user_file && hook->project_file ? ", or " : "");
	if (hook->project_file && !hook_fill_in(out, hook->project_file, values, has_url))
		return false;
	buf_adds(out, hook->project_file ? " in the project" : "");
	if (hook->user_file && hook->format != CONFIG_FILE)
		buf_adds(out, "; --write puts it there, and keeps what is in the file");
	return true;
}

// The entry as the only one of a file.
static void hook_put_snippet(struct buf *out, const struct hook *hook, const struct config_entry *entry)
{
	const char *name = entry->place;
	const struct buf empty = BUF_INIT(0);
	size_t depth = 0;

	if (hook->format == CONFIG_NONE || hook->format == CONFIG_LINES) {
		buf_adds(out, entry->text);
		return;
	}
	if (hook->format != CONFIG_JSON) {
		(void)config_set(hook->format, &empty, entry, out, NULL);
		return;
	}
	for (; *name; name += strcspn(name, "/"), name += *name == '/', depth++) {
		buf_adds(out, "{ \"");
		buf_add(out, name, strcspn(name, "/"));
		buf_adds(out, "\": ");
	}
	buf_adds(out, entry->text);
	while (depth--)
		buf_adds(out, " }");
	buf_addc(out, '\n');
}

// Of several files, the one that is wanted; else each below its name. False where there are not so many.
static bool hook_put_file(struct buf *out, const char *text, const char *names, const char *kind, int wanted)
{
	for (int number = 1; *text; number++) {
		size_t len = strcspn(text, NEXT_FILE), name_len = strcspn(names, " ");

		if (!wanted) {
			buf_addf(out, "# %s %d: ", kind, number);
			buf_add(out, names, name_len);
			buf_addc(out, '\n');
		}
		if (!wanted || wanted == number)
			buf_add(out, text, len);
		if (wanted == number)
			return true;
		text += len + (text[len] != '\0');
		names += name_len + (names[name_len] != '\0');
	}
	return !wanted;
}

// What is said beside the entry: as comments of it, or on standard error.
static void hook_say(const struct hook *hook, const char *what, const struct buf *text)
{
	if (!text->len)
		return;
	if (hook->has_comments)
		printf("# %s%s\n", what, text->data);
	else
		fprintf(stderr, "%s%s\n", what, text->data);
}

// All that a hook needs to be printed or written, for one URL.
struct hook_entry {
	bool uses_url;
	struct buf where, note, text, at, file, try, files, snippet;
	struct config_entry entry;
};

static void hook_entry_free(struct hook_entry *entry)
{
	struct buf *bufs[] = { &entry->where, &entry->note, &entry->text,  &entry->at,
			       &entry->file,  &entry->try,  &entry->files, &entry->snippet };

	for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
		buf_free(bufs[i]);
}

static enum status hook_make_entry(const struct hook *hook, const struct profile *profile, const char *url,
				   const struct hook_call *call, struct hook_entry *out, struct err *err)
{
	const struct place place = place_of(url);
	__attribute__((cleanup(values_free))) struct values values = { .count = 0 };
	const char *file = call->project ? hook->project_file : hook->user_file;
	const struct {
		struct buf *to;
		const char *text;
	} parts[] = { { &out->text, hook->text }, { &out->at, hook->place },  { &out->file, file },
		      { &out->try, hook->try },	  { &out->note, hook->note }, { &out->files, hook->files } };
	enum status status = hook_check_url(hook, profile, &place, err);
	BUF_AUTO(ignored, ANSWER_MAX);
	bool filled;

	if (status == STATUS_OK)
		status = values_fill(&values, profile, &place, err);
	if (status != STATUS_OK)
		return status;
	if (!strcmp(hook->tool, HOOK_SKILL))
		add_skill(&values);
	out->uses_url = !hook_fill_in(&ignored, hook->text, &values, false) ||
			(hook->place && !hook_fill_in(&ignored, hook->place, &values, false));
	filled = hook_put_where(&out->where, hook, &values, place.url);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		filled = filled && hook_fill_in(parts[i].to, parts[i].text ? parts[i].text : "", &values, place.url);
	if (!filled)
		return err_set(err, STATUS_USAGE,
			       "profile '%s' has no url, which %s needs: 'sk-helper set %s --url URL' gives it one",
			       profile->name, hook->tool, profile->name);
	out->entry = (struct config_entry){ out->at.data, out->text.data, hook->mark ? hook->mark : "sk-helper", NULL };
	// two profiles' names can become the same table
	if (hook->format == CONFIG_TOML && !hook->mark)
		out->entry.second_mark = profile->name;
	if (hook->files &&
	    !hook_put_file(&out->snippet, out->text.data, out->files.data, hook->are_ways ? "way" : "file", call->file))
		return err_set(err, STATUS_USAGE, "hook: --file: %s has less than %lld", hook->tool, (long long)call->file);
	if (!hook->files)
		hook_put_snippet(&out->snippet, hook, &out->entry);
	if (!buf_ok(&out->where) || !buf_ok(&out->snippet) || !buf_ok(&out->at) || !buf_ok(&out->file) || !buf_ok(&out->try))
		return err_set(err, STATUS_INTERNAL, "the configuration is too long");
	if (!out->snippet.len)
		return err_set(err, STATUS_INTERNAL,
			       "'" SKILL_FILE
			       "' is not there, below share: is sk-helper installed completely? ('make install')");
	return STATUS_OK;
}

// What is printed, of one URL or of several.
struct hook_output {
	struct buf where, note, snippet, try;
	bool uses_url;
};

static void hook_output_free(struct hook_output *output)
{
	buf_free(&output->where);
	buf_free(&output->note);
	buf_free(&output->snippet);
	buf_free(&output->try);
}

// Of several URLs: JSON has one object for all, other texts follow each other.
static enum status hook_output_add(struct hook_output *output, const struct hook *hook, const struct hook_entry *entry,
				   struct err *err)
{
	BUF_AUTO(both, ANSWER_MAX);
	enum status status;

	if (!output->snippet.len) {
		buf_adds(&output->where, entry->where.data);
		buf_adds(&output->note, entry->note.data);
		buf_adds(&output->try, entry->try.data);
		output->uses_url = entry->uses_url;
	}
	if (!output->snippet.len || hook->format != CONFIG_JSON) {
		buf_adds(&output->snippet, entry->snippet.data);
		return STATUS_OK;
	}
	status = config_set(hook->format, &output->snippet, &entry->entry, &both, err);
	buf_reset(&output->snippet);
	buf_adds(&output->snippet, both.data);
	return status;
}

// Each kind of file has quotes of its own; what none of them is sure of is not written.
static bool hook_path_is_odd(void)
{
	char bin[INSTALLED_PATH_MAX];

	installed_bin_dir(bin);
	return strpbrk(bin, "'\"\\$%`") != NULL;
}

static enum status hook_for_url(const struct hook *hook, const struct profile *profile, const char *url,
				const struct hook_call *call, struct hook_output *output, struct err *err)
{
	__attribute__((cleanup(hook_entry_free))) struct hook_entry entry = {
		.where = BUF_INIT(16384),
		.note = BUF_INIT(16384),
		.text = BUF_INIT(ANSWER_MAX),
		.at = BUF_INIT(4096),
		.file = BUF_INIT(4096),
		.try = BUF_INIT(16384),
		.files = BUF_INIT(4096),
		.snippet = BUF_INIT(ANSWER_MAX),
	};
	enum status status = hook_make_entry(hook, profile, url, call, &entry, err);

	if (status != STATUS_OK)
		return status;
	if (!call->write && !call->remove)
		return hook_output_add(output, hook, &entry, err);
	if (hook->format == CONFIG_LINES && hook_path_is_odd())
		return err_set(
			err, STATUS_USAGE,
			"hook: sk-helper is in a directory whose name has a quote, a '$', a '%%' or a backslash, which not every "
			"file can have: install it elsewhere");
	if (!entry.file.len)
		return err_set(err, STATUS_USAGE,
			       "hook: --write knows no file %s for %s: 'sk-helper hook %s' prints what to put where",
			       call->project ? "of a project" : "of the user", hook->tool, hook->tool);
	return hook_write(hook, entry.file.data, &entry.entry, &entry.snippet, entry.note.data, call, err);
}

static void hook_print(const struct hook *hook, const struct hook_call *call, const struct hook_output *output)
{
	if (!call->file)
		hook_say(hook, "", &output->where);
	if (!call->file)
		hook_say(hook, hook->note_is_for_project ? "of a project's file: " : "", &output->note);
	fputs(output->snippet.data, stdout);
	if (!call->file)
		hook_say(hook, "try: ", &output->try);
}

static enum status hook_check_call(const struct hook *hook, const struct profile *profile, const struct hook_call *call,
				   struct err *err)
{
	struct url target;

	if (call->file && !hook->files)
		return err_set(err, STATUS_USAGE, "hook: --file is for tools that have several files, and %s has one",
			       hook->tool);
	if (!call->url)
		return STATUS_OK;
	if (url_parse(&target, call->url, err) != STATUS_OK)
		return STATUS_USAGE;
	if (!profile_covers(profile, &target))
		return err_set(err, STATUS_POLICY,
			       "profile '%s': none of its urls covers '%.*s': 'sk-helper set %s --url URL' adds one",
			       profile->name, url_shown(call->url), call->url, profile->name);
	return STATUS_OK;
}

static enum status hook_answer(const struct hook *hook, const struct profile *profile, const struct hook_call *call,
			       struct err *err)
{
	__attribute__((cleanup(hook_output_free))) struct hook_output output = {
		.where = BUF_INIT(16384), .note = BUF_INIT(16384), .snippet = BUF_INIT(ANSWER_MAX), .try = BUF_INIT(16384)
	};
	size_t count = hook->each_url && !call->url ? profile->url_count : 1;
	enum status status = hook_check_call(hook, profile, call, err);

	for (size_t i = 0; (i < count || i == 0) && status == STATUS_OK; i++)
		status = hook_for_url(hook, profile, call->url ? call->url : profile->urls[i], call, &output, err);
	if (status != STATUS_OK || call->write || call->remove)
		return status;
	if (output.uses_url && profile->url_count > count && !call->url)
		fprintf(stderr, "this is for %s, the first of %zu urls: --url URL is for another one\n", profile->urls[0],
			profile->url_count);
	hook_print(hook, call, &output);
	return STATUS_OK;
}

static enum status list_hooks(void)
{
	for (size_t i = 0; i < hook_count; i++)
		printf("%-18s  %s\n", hooks[i].tool, hooks[i].help);
	return STATUS_OK;
}

// --- the command

const struct option hook_options[] = {
	{ "--write", NULL, "put it into the tool's file, after showing what changes" },
	{ "--remove", NULL, "take it out of the tool's file" },
	{ "--project", NULL, "the file of the project in the current directory, and not the user's" },
	{ "--url", "URL", "for this URL, where the profile has several" },
	{ "--file", "NUMBER", "print only one of several files" },
	{ "--yes", NULL, "do not ask" },
	{ NULL, NULL, NULL },
};

static enum status hook_take_word(void *context, const char *option, const char *value, struct err *err)
{
	struct hook_call *call = context;

	if (!option && call->name)
		return err_set(err, STATUS_USAGE, "hook takes a tool and one profile, not also '%s'", value);
	if (!option)
		*(call->tool ? &call->name : &call->tool) = value;
	else if (!strcmp(option, "--write"))
		call->write = true;
	else if (!strcmp(option, "--remove"))
		call->remove = true;
	else if (!strcmp(option, "--project"))
		call->project = true;
	else if (!strcmp(option, "--url"))
		call->url = value;
	else if (!strcmp(option, "--file"))
		return text_to_number(value, 1, 9, &call->file) ?
			       STATUS_OK :
			       err_set(err, STATUS_USAGE, "hook: --file needs a number from 1 to 9");
	else
		call->yes = true;
	return STATUS_OK;
}

static const struct hook *hook_find(const char *tool)
{
	for (size_t i = 0; i < hook_alias_count; i++) {
		if (!strcasecmp(hook_aliases[i].name, tool))
			tool = hook_aliases[i].tool;
	}
	for (size_t i = 0; i < hook_count; i++) {
		if (!strcasecmp(hooks[i].tool, tool))
			return &hooks[i];
	}
	return NULL;
}

// The three ways work for every tool.
static enum status hook_unknown(const struct hook_call *call, struct err *err)
{
	struct nearest nearest = nearest_to(call->tool);

	if (profile_name_ok(call->tool) && profile_dir_exists(call->tool))
		return err_set(err, STATUS_USAGE, "hook: '%s' is a profile: the tool comes first, as in 'sk-helper hook %s %s'",
			       call->tool, call->name ? call->name : "vscode", call->tool);
	for (size_t i = 0; i < hook_count; i++)
		nearest_offer(&nearest, hooks[i].tool);
	for (size_t i = 0; i < hook_alias_count; i++)
		nearest_offer(&nearest, hook_aliases[i].name);
	if (nearest_word(&nearest))
		return err_set(err, STATUS_USAGE,
			       "hook: there is no tool '%.64s': did you mean '%s'? ('sk-helper hook' lists them)", call->tool,
			       nearest_word(&nearest));
	return err_set(
		err, STATUS_USAGE,
		"hook: there is no tool '%.64s' ('sk-helper hook' lists them). Three ways work for any tool: a header (sk-helper get "
		"NAME --format header | curl -H @- URL), a variable (sk-helper exec NAME -- COMMAND), a local MCP server (sk-helper "
		"bridge NAME)",
		call->tool);
}

// Without a profile's name, and without a usual one, what is to be filled in is shown.
static struct profile profile_to_fill_in(const struct hook *hook)
{
	const char *url = hook->only == ONLY_HOST ? "https://registry.example.com" : "https://mcp.example.com/mcp";

	return (struct profile){ .name = "NAME", .urls = { url }, .url_count = 1 };
}

static enum status hook_for(const struct hook *hook, const struct hook_call *call, struct err *err)
{
	bool writes = call->write || call->remove, needs_profile = strcmp(hook->tool, HOOK_SKILL) != 0;
	BUF_AUTO(text, PROFILE_TEXT_MAX);
	char name[PROFILE_NAME_MAX + 1], usage[64];
	struct profile profile = profile_to_fill_in(hook);
	enum status status = STATUS_OK;

	(void)snprintf(usage, sizeof usage, "hook %s NAME", hook->tool);
	if (needs_profile)
		status = profile_dir_choose(name, call->name, usage, err);
	if (status != STATUS_OK && !call->name && !writes) {
		fprintf(stderr, "%s. In this text, NAME and the URL are to be replaced:\n", err->text);
		return hook_answer(hook, &profile, call, err);
	}
	if (status == STATUS_OK && needs_profile)
		status = profile_dir_load(name, &text, &profile, err);
	return status == STATUS_OK ? hook_answer(hook, &profile, call, err) : status;
}

enum status command_hook(char **args, struct err *err)
{
	const struct options options = { "hook", hook_options, false };
	struct hook_call call = { 0 };
	const struct hook *hook;
	enum status status = options_parse(&options, &args, hook_take_word, &call, err);

	if (status != STATUS_OK)
		return status;
	if (call.write && call.remove)
		return err_set(err, STATUS_USAGE, "hook: --write and --remove cannot be used together");
	if ((call.project || call.yes) && !call.write && !call.remove)
		return err_set(err, STATUS_USAGE, "hook: --project and --yes are for --write and --remove");
	if (!call.tool)
		return call.write || call.remove ?
			       err_set(err, STATUS_USAGE, "hook: the tool is missing: 'sk-helper hook' lists them") :
			       list_hooks();
	hook = hook_find(call.tool);
	if (!hook)
		return hook_unknown(&call, err);
	return hook_for(hook, &call, err);
}

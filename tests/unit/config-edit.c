// SPDX-License-Identifier: MIT
// Other programs' configurations: what is put in, what stays, what is taken out again.
#include "core/config-edit.h"

#include "test.h"

#include <string.h>

struct edit {
	enum config_format format;
	const char *place, *text, *old;
	const char *set;     // NULL: not understood
	const char *removed; // NULL: as old
};

#define ENTRY "{ \"command\": \"sk\", \"args\": [\"bridge\", \"t\"] }"

static const struct edit edits[] = {
	// --- JSON: nothing there
	{ CONFIG_JSON, "m/t", ENTRY, "",
	  "{\n  \"m\": {\n    \"t\": {\n      \"command\": \"sk\",\n      \"args\": [\"bridge\", \"t\"]\n    }\n  }\n}\n",
	  "{}\n" },
	{ CONFIG_JSON, "m/t", "1", "{}", "{\n  \"m\": {\n    \"t\": 1\n  }\n}", NULL },
	{ CONFIG_JSON, "m/t", "1", "{ }\n", "{\n  \"m\": {\n    \"t\": 1\n  }\n }\n", "{}\n" },
	// others are there: their form is kept
	{ CONFIG_JSON, "m/t", "1", "{\n\t\"a\": 1\n}\n", "{\n\t\"a\": 1,\n\t\"m\": {\n\t\t\"t\": 1\n\t}\n}\n", NULL },
	{ CONFIG_JSON, "m/t", "1", "{\n    \"m\": {\n        \"x\": 1\n    }\n}\n",
	  "{\n    \"m\": {\n        \"x\": 1,\n        \"t\": 1\n    }\n}\n", NULL },
	{ CONFIG_JSON, "m/t", "1", "{\"m\":{\"x\":1}}", "{\"m\":{\"x\":1, \"t\": 1}}", NULL },
	{ CONFIG_JSON, "m/t", "1", "{\n  \"m\": {}\n}\n", "{\n  \"m\": {\n    \"t\": 1\n  }\n}\n", "{}\n" },
	{ CONFIG_JSON, "t", "\"x\"", "{\r\n  \"a\": 1\r\n}\r\n", "{\r\n  \"a\": 1,\n  \"t\": \"x\"\r\n}\r\n", NULL },
	// comments, and commas before brackets
	{ CONFIG_JSON, "m/t", "1", "// top\n{\n  \"a\": \"//no\", // one\n  /* two */\n  \"b\": 2 // last\n}\n",
	  "// top\n{\n  \"a\": \"//no\", // one\n  /* two */\n  \"b\": 2, // last\n  \"m\": {\n    \"t\": 1\n  }\n}\n", NULL },
	{ CONFIG_JSON, "m/t", "1", "{\n  \"m\": {\n    \"x\": [1,],\n  },\n}\n",
	  "{\n  \"m\": {\n    \"x\": [1,],\n    \"t\": 1,\n  },\n}\n", NULL },
	{ CONFIG_JSON, "m/t", "1", "{\n  \"a\": 1, // one\n  // end\n}\n",
	  "{\n  \"a\": 1, // one\n  \"m\": {\n    \"t\": 1\n  },\n  // end\n}\n", NULL },
	// it is there already: the same, or another
	{ CONFIG_JSON, "m/t", ENTRY, "{\"m\":{\"t\":{\"command\":\"sk\",\"args\":[\"bridge\",\"t\"]}}}",
	  "{\"m\":{\"t\":{\"command\":\"sk\",\"args\":[\"bridge\",\"t\"]}}}", "{}" },
	{ CONFIG_JSON, "m/t", "2", "{\"m\":{\"t\": 1 , \"y\":2}}", "{\"m\":{\"t\": 2 , \"y\":2}}", "{\"m\":{\"y\":2}}" },
	{ CONFIG_JSON, "m/t", "2", "{\n \"m\": {\n  \"t\": 1,\n  // of y\n  \"y\": 2\n }\n}",
	  "{\n \"m\": {\n  \"t\": 2,\n  // of y\n  \"y\": 2\n }\n}", "{\n \"m\": {\n  // of y\n  \"y\": 2\n }\n}" },
	{ CONFIG_JSON, "amp.m/t", "1", "{\"amp.m\":{\"\\u0074\":0}}", "{\"amp.m\":{\"\\u0074\":1}}", "{}" },
	// comments in the way of a comma, of a bracket, over several lines
	{ CONFIG_JSON, "t", "1", "{\n \"a\": 1, /* x\n y */\n}", "{\n \"a\": 1, /* x\n y */\n \"t\": 1,\n}", NULL },
	{ CONFIG_JSON, "t", "1", "{\n \"a\": 1 /* x\n y */\n}", "{\n \"a\": 1, /* x\n y */\n \"t\": 1\n}", NULL },
	{ CONFIG_JSON, "t", "1", "{\n \"a\": 1 /* x */ ,\n}", "{\n \"a\": 1 /* x */ ,\n \"t\": 1,\n}", NULL },
	{ CONFIG_JSON, "t", "1", "{\n \"a\": 1 // x\n ,\n}", "{\n \"a\": 1 // x\n ,\n \"t\": 1,\n}", NULL },
	{ CONFIG_JSON, "m/t", "1", "{\"m\":{\n  \"a\": 1, // a\n  \"t\": 1 }}", "{\"m\":{\n  \"a\": 1, // a\n  \"t\": 1 }}",
	  "{\"m\":{\n  \"a\": 1 // a\n }}" },
	{ CONFIG_JSON, "m/t", "1", "{\n  \"m\": {\n    // mine\n    \"t\": 1\n  }\n}",
	  "{\n  \"m\": {\n    // mine\n    \"t\": 1\n  }\n}", "{\n  \"m\": {\n    // mine\n  }\n}" },
	// not understood
	{ CONFIG_JSON, "m/t", "1", "[1]", NULL, NULL },
	{ CONFIG_JSON, "m/t", "1", "{\"m\": 1}", NULL, NULL },
	{ CONFIG_JSON, "m/t", "1", "{\"m\": {}, \"m\": {}}", NULL, NULL },
	{ CONFIG_JSON, "m/t", "1", "{\"m\": {}", NULL, NULL },
	{ CONFIG_JSON, "m/t", "1", "{\"m\": {} /* }", NULL, NULL },
	{ CONFIG_JSON, "m/t", "1", "{\"a: 1}", NULL, NULL },
	{ CONFIG_JSON, "m/t", "1", "{,}", NULL, NULL },
	{ CONFIG_JSON, "m/t", "1", "name: x\n", NULL, NULL },

	// --- TOML
	{ CONFIG_TOML, "m.t", "a = 1\n", "", "[m.t]\na = 1\n", NULL },
	{ CONFIG_TOML, "m.t", "a = 1\n", "x = 1", "x = 1\n\n[m.t]\na = 1\n", "x = 1\n" },
	{ CONFIG_TOML, "m.t", "a = 1\n", "x = 1\n\n[m.u]\nb = 2 # c\n", "x = 1\n\n[m.u]\nb = 2 # c\n\n[m.t]\na = 1\n", NULL },
	{ CONFIG_TOML, "m.t", "a = 1\n", "[m.\"t\"] # old\na = 0\nb = [\n [1],\n]\n\n# of u\n[m.u]\nb = 2\n",
	  "[m.t]\na = 1\n\n# of u\n[m.u]\nb = 2\n", "# of u\n[m.u]\nb = 2\n" },
	{ CONFIG_TOML, "m.t", "a = 1\n", "s = \"\"\"\n[m.t]\n\"\"\"\n", "s = \"\"\"\n[m.t]\n\"\"\"\n\n[m.t]\na = 1\n", NULL },
	{ CONFIG_TOML, "m.t", "a = 1\n", "s = '''\n[m.t]", NULL, NULL },
	{ CONFIG_TOML, "m.t", "a = 1\n", "m = { t = 1 }\n", NULL, NULL },
	{ CONFIG_TOML, "m.t", "a = 1\n", "m.t.a = 1\n", NULL, NULL },
	{ CONFIG_TOML, "m.t", "a = 1\n", "[m.t]\n[m.t]\n", NULL, NULL },
	{ CONFIG_TOML, "m.t", "a = 1\n", "a = [1\n", NULL, NULL },
	{ CONFIG_TOML, "m.t", "a = 1\n", "[m]\nt = { a = 1 }\n", NULL, NULL },
	{ CONFIG_TOML, "m.t", "a = 1\n", "[m]\n\"t\".a = 1\n", NULL, NULL },
	{ CONFIG_TOML, "m.t", "a = 1\n", "\"m\" = {}\n", NULL, NULL },
	{ CONFIG_TOML, "m.t", "a = 1\n", "[[m]]\n", NULL, NULL },
	{ CONFIG_TOML, "m.t", "a = 1\n", "[[m.t]]\n", NULL, NULL },
	{ CONFIG_TOML, "m.t", "a = 1\n", "[m.\"\\u0074\"]\n", NULL, NULL },
	{ CONFIG_TOML, "m.t", "a = 1\n", "[m.t.env]\nb = 1\n", NULL, NULL },
	{ CONFIG_TOML, "m.t", "a = 1\n", "[m]\nu = { a = 1 }\n", "[m]\nu = { a = 1 }\n\n[m.t]\na = 1\n", NULL },
	{ CONFIG_TOML, "m.t", "a = 1\n", "[m.t]\nb = 0\n[m.t.env]\nc = 1\n[x]\n", "[m.t]\na = 1\n[x]\n", "[x]\n" },
	{ CONFIG_TOML, "m.t", "a = 1\n", "[\"m.t\"]\nb = 1\n", "[\"m.t\"]\nb = 1\n\n[m.t]\na = 1\n", NULL },
	{ CONFIG_TOML, "m.t", "a = 1\n", "\xef\xbb\xbf[m.t]\na = 0\n", "\xef\xbb\xbf[m.t]\na = 1\n", "\xef\xbb\xbf" },

	// --- lines
	{ CONFIG_LINES, "git x", "a\n", "b", "b\n# begin sk-helper git x\na\n# end sk-helper git x\n", "b\n" },
	{ CONFIG_LINES, "git x", "a\n", "# begin sk-helper git xy\n# end sk-helper git xy\nb\n",
	  "# begin sk-helper git xy\n# end sk-helper git xy\nb\n# begin sk-helper git x\na\n# end sk-helper git x\n",
	  "# begin sk-helper git xy\n# end sk-helper git xy\nb\n" },
	{ CONFIG_LINES, "git x", "a\n", "# begin sk-helper git x\nb\n", NULL, NULL },
	{ CONFIG_LINES, "git x", "a\n", "# end sk-helper git x\n# begin sk-helper git x\n", NULL, NULL },
	// --- YAML
	{ CONFIG_YAML, "m/t", "a: 1\nb: [x]\n", "", "m:\n  \"t\":\n    a: 1\n    b: [x]\n", "" },
	{ CONFIG_YAML, "m/t", "a: 1\n", "x: 1\nm:\n    u:\n        a: 2 # two\n# end\ny: 2\n",
	  "x: 1\nm:\n    u:\n        a: 2 # two\n    \"t\":\n        a: 1\n# end\ny: 2\n", NULL },
	{ CONFIG_YAML, "m/t", "a: 1\n", "m:\n  t:\n    a: 0\n    b: 0\n  u:\n    a: 2\n",
	  "m:\n  \"t\":\n    a: 1\n  u:\n    a: 2\n", "m:\n  u:\n    a: 2\n" },
	{ CONFIG_YAML, "m/t", "a: 1\n", "m: {}\n", NULL, NULL },
	{ CONFIG_YAML, "m/t", "a: 1\n", "{m: 1}\n", NULL, NULL },
	{ CONFIG_YAML, "m/t", "a: 1\n", "m:\n\tu: 1\n", NULL, NULL },
	{ CONFIG_YAML, "m/t", "a: 1\n", "a: 1\n---\nm:\n", NULL, NULL },
	{ CONFIG_YAML, "m/t", "a: 1\n", "m:\n  u:\n    b: |\n      text\n\n      # Heading\n",
	  "m:\n  u:\n    b: |\n      text\n\n      # Heading\n  \"t\":\n    a: 1\n", NULL },
	{ CONFIG_YAML, "m/t", "a: 1\n", "m:\n  - a: 1\n", NULL, NULL },
	{ CONFIG_YAML, "m/t", "a: 1\n", "m:\n a: >\n \r\r text\n", NULL, NULL }, // a line end to YAML, and to no one else
	{ CONFIG_JSON, "m/t", "1", "{ // one line\r }\n}\n", NULL, NULL },
	{ CONFIG_TOML, "m.t", "a = 1\n", "a = 1\rb = 2\n", NULL, NULL },
	{ CONFIG_YAML, "m/t", "a: 1\n", "m:\n  text\n", NULL, NULL },
	{ CONFIG_YAML, "m/t", "a: 1\n", "m :\n  u: 1\n", NULL, NULL },
	{ CONFIG_YAML, "m/t", "a: 1\n", "? m\n", NULL, NULL },
	{ CONFIG_YAML, "m/t", "a: 1\n", "\xef\xbb\xbfm:\n  u: 1\n", NULL, NULL },
	{ CONFIG_YAML, "m/t", "a: 1\n", "m:\n  t:\n  - a\n", NULL, NULL },
	{ CONFIG_YAML, "m/t", "a: 1\n", "hello\n", NULL, NULL },
	{ CONFIG_YAML, "m/t", "a: 1\n", "  a: 1\n", NULL, NULL },
	{ CONFIG_YAML, "m/t", "a: 1\n", "x: \"abc\nm:\n  foo: bar\"\n", NULL, NULL },
	{ CONFIG_YAML, "m/t", "a: 1\n", "m:\n  t: &a\n    b: 1\n  u: *a\n", NULL, NULL },

	// --- a file of its own
	{ CONFIG_FILE, "", "x\n", "", "x\n", NULL },
};

static void check(const struct edit *edit)
{
	const struct config_entry entry = { edit->place, edit->text, "", NULL };
	BUF_AUTO(old, CONFIG_MAX);
	BUF_AUTO(set, CONFIG_MAX);
	BUF_AUTO(again, CONFIG_MAX);
	BUF_AUTO(removed, CONFIG_MAX);
	BUF_AUTO(twice, CONFIG_MAX);
	struct err err;

	buf_adds(&old, edit->old);
	if (!edit->set) {
		CHECK(config_set(edit->format, &old, &entry, &set, &err) == STATUS_USAGE);
		if (set.len)
			fprintf(stderr, "--- of\n%s\n--- set\n%s\n", edit->old, set.data);
		return;
	}
	CHECK(config_set(edit->format, &old, &entry, &set, &err) == STATUS_OK);
	if (strcmp(set.data, edit->set) != 0)
		fprintf(stderr, "--- of\n%s\n--- set\n%s\n--- expected\n%s\n", edit->old, set.data, edit->set);
	CHECK(!strcmp(set.data, edit->set));
	// the second time nothing changes
	CHECK(config_set(edit->format, &set, &entry, &again, &err) == STATUS_OK);
	CHECK(!strcmp(again.data, set.data));
	CHECK(config_remove(edit->format, &set, &entry, &removed, &err) == STATUS_OK);
	if (strcmp(removed.data, edit->removed ? edit->removed : edit->old) != 0)
		fprintf(stderr, "--- of\n%s\n--- removed\n%s\n--- expected\n%s\n", set.data, removed.data,
			edit->removed ? edit->removed : edit->old);
	CHECK(!strcmp(removed.data, edit->removed ? edit->removed : edit->old));
	CHECK(config_remove(edit->format, &removed, &entry, &twice, &err) == STATUS_OK);
	CHECK(!strcmp(twice.data, removed.data));
}

// Another's entry of that name is left alone.
static void check_mark(enum config_format format, const char *place, const char *text, const char *theirs)
{
	const struct config_entry entry = { place, text, "mark", NULL };
	BUF_AUTO(old, CONFIG_MAX);
	BUF_AUTO(result, CONFIG_MAX);

	buf_adds(&old, theirs);
	CHECK(config_set(format, &old, &entry, &result, NULL) == STATUS_USAGE);
	buf_reset(&result);
	CHECK(config_remove(format, &old, &entry, &result, NULL) == STATUS_USAGE);
}

static void check_diff(void)
{
	BUF_AUTO(old, CONFIG_MAX);
	BUF_AUTO(new, CONFIG_MAX);
	BUF_AUTO(diff, CONFIG_MAX);

	buf_adds(&old, "1\n2\n3\n4\n5\n6\n7\n8\n");
	buf_adds(&new, "1\n2\n3\n4\nx\ny\n6\n7\n8\n");
	config_diff("f", &old, &new, &diff);
	CHECK(!strcmp(diff.data, "--- f\n+++ f\n@@ -2,7 +2,8 @@\n 2\n 3\n 4\n-5\n+x\n+y\n 6\n 7\n 8\n"));
}

int main(void)
{
	for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++)
		check(&edits[i]);
	check_mark(CONFIG_JSON, "m/t", "\"mark\"", "{\"m\":{\"t\":\"other\"}}");
	check_mark(CONFIG_TOML, "m.t", "a = \"mark\"\n", "[m.t]\na = 1\n");
	check_mark(CONFIG_YAML, "m/t", "a: mark\n", "m:\n  t:\n    a: 1\n");
	check_diff();
	TEST_END;
}

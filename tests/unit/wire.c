// SPDX-License-Identifier: MIT
#include "base/wire.h"
#include "test.h"

#include <stdlib.h>

// The fields of a message as "key>value;", then "." at its end or "!" where it is bad.
static void read_all(const char *text, size_t len, bool is_file, char *out)
{
	char *copy = malloc(len + 1);
	struct wire wire;
	struct wire_field field;
	enum wire_result result;
	struct err err;

	memcpy(copy, text, len);
	copy[len] = '\0';
	wire = is_file ? wire_file(copy, len) : wire_message(copy, len);
	*out = '\0';
	while ((result = wire_next(&wire, &field, &err)) == WIRE_FIELD)
		sprintf(out + strlen(out), "%s>%s;", field.key, field.value);
	strcat(out, result == WIRE_END ? "." : "!");
	free(copy);
}

static void reads(void)
{
	static const struct {
		const char *text;
		bool is_file;
		const char *fields;
	} cases[] = {
		{ "", false, "." },
		{ "a=1\nb=2\n", false, "a>1;b>2;." },
		{ "a=1\nb=2", false, "a>1;b>2;." },
		{ "a=1\n\nb=2\n", false, "a>1;." },
		{ "\na=1\n", false, "." },
		{ "a=\n", false, "a>;." },
		{ "a=b=c\n", false, "a>b=c;." },
		{ "a=1\r\n", false, "!" },
		{ "a=1\rhost=evil\n", false, "!" },
		{ "a=1\x01\n", false, "!" },
		{ "a=1\x7f\n", false, "!" },
		{ "a=\xc3\xbc\n", false, "a>\xc3\xbc;." },
		{ "nothing\n", false, "!" },
		{ "=1\n", false, "!" },
		{ "a =1\n", false, "!" },
		{ "# note\n\na=1\n", true, "a>1;." },
		{ "# note\na=1\n", false, "!" },
	};
	char out[256];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		read_all(cases[i].text, strlen(cases[i].text), cases[i].is_file, out);
		CHECK_TEXT(out, cases[i].fields);
	}
	read_all("a=1\0b=2\n", 8, false, out);
	CHECK_TEXT(out, "!");
}

static void bounds_a_line(void)
{
	static char text[WIRE_LINE_MAX + 16];
	struct wire_field field;
	struct wire wire;

	memset(text, 'x', sizeof text - 1);
	text[1] = '=';
	text[WIRE_LINE_MAX - 1] = '\n';
	text[WIRE_LINE_MAX] = '\0';
	wire = wire_message(text, WIRE_LINE_MAX);
	CHECK(wire_next(&wire, &field, NULL) == WIRE_FIELD && field.value_len == WIRE_LINE_MAX - 3);
	memset(text, 'x', sizeof text - 1);
	text[1] = '=';
	text[WIRE_LINE_MAX] = '\n';
	wire = wire_message(text, WIRE_LINE_MAX + 1);
	CHECK(wire_next(&wire, &field, NULL) == WIRE_BAD);
}

static void refuses_to_write_what_could_be_read_as_more(void)
{
	static const char *const bad[] = { "a\nb", "a\rb", "a\tb", "\x1b[0m", "\x7f" };

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		BUF_AUTO(b, 1000);

		wire_put(&b, "first", "1");
		wire_put(&b, "key", bad[i]);
		wire_put(&b, "last", "1");
		CHECK(!buf_ok(&b) && b.len == 0);
	}
	BUF_AUTO(b, 1000);
	wire_put(&b, "a", "1");
	wire_put(&b, "empty", "");
	wire_put(&b, "absent", NULL);
	wire_put_number(&b, "n", -5);
	CHECK_TEXT(b.data, "a=1\nn=-5\n");
}

int main(void)
{
	reads();
	bounds_a_line();
	refuses_to_write_what_could_be_read_as_more();
	TEST_END;
}

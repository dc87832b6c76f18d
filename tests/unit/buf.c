// SPDX-License-Identifier: MIT
#include "base/buf.h"
#include "test.h"

#include <errno.h>
#include <malloc.h>
#include <unistd.h>

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#else
#define VALGRIND_MAKE_MEM_DEFINED(memory, size) (void)(size)
#endif

static int pipe_with(const char *text, size_t len)
{
	int fds[2];

	if (pipe(fds) < 0 || write(fds[1], text, len) != (ssize_t)len)
		return -1;
	close(fds[1]);
	return fds[0];
}

static void grows_to_its_maximum_and_not_further(void)
{
	BUF_AUTO(b, 1000);

	CHECK_TEXT(b.data, "");
	for (int i = 0; i < 1000; i++)
		buf_addc(&b, 'x');
	CHECK(buf_ok(&b) && b.len == 1000 && strlen(b.data) == 1000);
	buf_addc(&b, 'y');
	CHECK(!buf_ok(&b) && b.len == 0);
	buf_adds(&b, "more");
	CHECK(!buf_ok(&b) && b.len == 0);
	buf_reset(&b);
	buf_adds(&b, "again");
	CHECK(buf_ok(&b));
	CHECK_TEXT(b.data, "again");
}

static void wipes_what_it_leaves(void)
{
	char array[16] = "";
	struct buf b = BUF_FIXED(array);

	buf_adds(&b, "secret");
	buf_reset(&b);
	for (size_t i = 0; i < sizeof array; i++)
		CHECK(array[i] == 0);
	buf_adds(&b, "0123456789abcde");
	CHECK(buf_ok(&b));
	buf_addc(&b, 'f');
	CHECK(!buf_ok(&b) && array[0] == 0);
}

// Linked with --wrap=free: what is given back is looked at first.
void __real_free(void *memory);
void __wrap_free(void *memory);

static unsigned freed, freed_with_secret;

void __wrap_free(void *memory)
{
	const char *bytes = memory;

	// valgrind would say that a part of it was never written
	VALGRIND_MAKE_MEM_DEFINED(memory, malloc_usable_size(memory));
	for (size_t i = 0; bytes && i + 6 <= malloc_usable_size(memory); i++)
		freed_with_secret += !memcmp(bytes + i, "SECRET", 6);
	freed += bytes != NULL;
	__real_free(memory);
}

static void leaves_no_copy_when_it_grows(void)
{
	freed = freed_with_secret = 0;
	{
		BUF_AUTO(b, 100000);

		for (int i = 0; i < 10000; i++)
			buf_adds(&b, "SECRET");
		CHECK(buf_ok(&b) && b.len == 60000);
	}
	CHECK(freed > 5 && freed_with_secret == 0);
}

static void reads_lines(void)
{
	BUF_AUTO(b, 5);
	int fd = pipe_with("one\n\n123456\ntwo", 15);

	CHECK(buf_read_line(&b, fd));
	CHECK_TEXT(b.data, "one");
	CHECK(buf_read_line(&b, fd) && b.len == 0);
	CHECK(buf_read_line(&b, fd) && !buf_ok(&b));
	CHECK(buf_read_line(&b, fd));
	CHECK(buf_read_line(&b, fd));
	CHECK_TEXT(b.data, "two");
	CHECK(!buf_read_line(&b, fd) && errno == 0);
	close(fd);
	CHECK(!buf_read_line(&b, -1) && errno == EBADF);
}

static void reads_whole_or_not_at_all(void)
{
	BUF_AUTO(b, 5);
	int fd = pipe_with("12345", 5);

	CHECK(buf_read(&b, fd));
	CHECK_TEXT(b.data, "12345");
	close(fd);
	buf_reset(&b);
	fd = pipe_with("123456", 6);
	errno = 0;
	CHECK(!buf_read(&b, fd) && errno == EFBIG && b.len == 0);
	close(fd);
	buf_reset(&b);
	CHECK(!buf_read(&b, -1) && errno == EBADF);
}

static void compares_secrets(void)
{
	CHECK(secret_equal("abc", 3, "abc", 3));
	CHECK(!secret_equal("abc", 3, "abd", 3));
	CHECK(!secret_equal("abc", 3, "ab", 2));
	CHECK(secret_equal("", 0, "", 0));
}

int main(void)
{
	grows_to_its_maximum_and_not_further();
	wipes_what_it_leaves();
	leaves_no_copy_when_it_grows();
	reads_lines();
	reads_whole_or_not_at_all();
	compares_secrets();
	TEST_END;
}

// SPDX-License-Identifier: MIT
#include "base/sha256.h"
#include "test.h"

// FIPS 180-4's own examples, and the lengths around a block's end, by sha256sum(1).
int main(void)
{
	static const struct {
		const char *letter;
		size_t times;
		const char *hex;
	} cases[] = {
		{ "", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "a", 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318" },
		{ "a", 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a" },
		{ "a", 63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34" },
		{ "a", 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb" },
		{ "a", 65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char text[200] = "", hex[SHA256_HEX_SIZE];

		for (size_t n = 0; n < cases[i].times; n++)
			strcat(text, cases[i].letter);
		sha256_hex(text, strlen(text), hex, 64);
		CHECK_TEXT(hex, cases[i].hex);
		sha256_hex(text, strlen(text), hex, 16);
		CHECK(strlen(hex) == 16 && !strncmp(hex, cases[i].hex, 16));
	}
	TEST_END;
}

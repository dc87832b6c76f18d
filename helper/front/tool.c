// SPDX-License-Identifier: MIT
#include "front/tool.h"

#include "base/text.h"
#include "front/handover.h"
#include "front/hit.h"
#include "protocols/tools.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// The call's answer from the cache, in out. False where sk-core has to say something.
static bool tool_answer_from_cache(const struct tool *tool, struct tool_call *call, struct hit *hit, struct buf *out)
{
	struct buf text;
	struct err err;
	bool uncovered;

	if (tool->parse(call, out, &err) != STATUS_OK || call->operation != TOOL_GET || tool_names_no_target(call))
		return false;
	text = arena_take();
	if (tool_find_profile(call, profile_dir_for, &text, &hit->profile, &uncovered, &err) != STATUS_OK)
		return false;
	arena_keep(&text);
	if (!hit_find(hit, &call->request))
		return false;
	*out = arena_take();
	return tool->write(call, &hit->answer, out, &err) == STATUS_OK && buf_ok(out);
}

int tool_front(int argc, char **argv)
{
	struct request request = { 0 };
	const struct tool *tool = tool_find_program(base_name(argv[0]), &request.profile);
	char **args = argv + 1;
	struct buf input, copy, out;
	struct tool_call call;
	struct err err;
	struct hit hit;

	if (profile_dir_socket() || !tool || !tool->parse || tool->input == TOOL_READS_LINES ||
	    tool_take_profile(&args, &request.profile, NULL) != STATUS_OK)
		return become_core_for_tool(argc, argv);
	input = arena_take();
	input.max = REQUEST_MAX;
	tool_begin(&call, args, &input, &request);
	if (strcmp(tool_operation(&call), "get") != 0)
		return become_core_for_tool(argc, argv);
	// what was read in part is not handed on: sk-core would take the rest, which a server can choose, for a request of its own
	if (tool_read_input(tool, &call, &input, &err) != STATUS_OK) {
		text_sanitize(err.text);
		dprintf(STDERR_FILENO, "sk-helper: %s\n", err.text);
		return status_exit_code(err.status);
	}
	arena_keep(&input);
	// to be given back: parse cuts it up
	copy = arena_take();
	buf_add(&copy, input.data, input.len);
	arena_keep(&copy);
	out = arena_take();
	if (!tool_answer_from_cache(tool, &call, &hit, &out))
		return tool_has_input(tool, &call) && tool->input != TOOL_READS_NOTHING ?
			       become_core_with_input(become_core_for_tool, argc, argv, &copy) :
			       become_core_for_tool(argc, argv);
	if (!buf_write(&out, STDOUT_FILENO)) {
		dprintf(STDERR_FILENO, "sk-helper: standard output: %s\n", strerror(errno));
		return 1;
	}
	if (hit.freshness == TOKEN_AGING)
		start_renewal(hit.profile.name, &call.request);
	buf_reset(&out);
	arena_wipe();
	return 0;
}

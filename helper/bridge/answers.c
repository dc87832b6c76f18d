// SPDX-License-Identifier: MIT
// What the server says: to whom it goes, and what is learned from it.
#include "bridge/bridge.h"
#include "bridge/exchange.h"

#include <string.h>

// --- tools

void bridge_list_tools(struct bridge *bridge, struct exchange *exchange)
{
	BUF_AUTO(line, MESSAGE_SIZE_MAX);
	struct json_value rest = message_param(&exchange->message, "_meta"), name, value;
	const char *before = "";

	exchange->tools_listed = true;
	exchange->state = EXCHANGE_WAITS_FOR_TOOLS;
	buf_addf(&line, "{\"jsonrpc\":\"2.0\",\"id\":\"" OWN_ID "%u\",\"method\":\"tools/list\",\"params\":{\"_meta\":",
		 ++bridge->own_requests);
	buf_addc(&line, '{');
	// what the call says of the client, but not what is its own, such as a token for its progress
	while (json_next(&rest, &name, &value)) {
		if (json_string_is(name, "progressToken"))
			continue;
		buf_adds(&line, before);
		buf_add(&line, name.at, name.len);
		buf_addc(&line, ':');
		buf_add(&line, value.at, value.len);
		before = ",";
	}
	buf_adds(&line, "}}}");
	exchange = exchange_new(bridge, ROLE_LIST_TOOLS, line.data, line.len);
	if (!exchange)
		return;
	exchange->modern = true;
	exchange_send(exchange);
}

// The answer to a tools/list as the client may have it.
static void bridge_put_tools(struct bridge *bridge, const struct exchange *exchange, const struct message *answer, bool own)
{
	bool first_page = !message_param(&exchange->message, "cursor").len;
	BUF_AUTO(kept, MESSAGE_SIZE_MAX + 1024);
	BUF_AUTO(left_out, 4096);

	if (!tool_list_take(&bridge->tools, first_page, answer->whole, answer->result, &kept, &left_out)) {
		if (!own)
			message_put_line(&bridge->output.text, answer->whole.at, answer->whole.len);
		return;
	}
	bridge_notice(bridge, "tools of %s that the client does not see, because their schema has an invalid x-mcp-header: %s",
		      bridge->upstream.host, buf_ok(&left_out) ? left_out.data : "many");
	if (!own)
		message_put_line(&bridge->output.text, kept.data, kept.len);
}

// --- messages of the server's

static void bridge_take_own_answer(struct bridge *bridge, struct exchange *exchange, const struct message *answer)
{
	if (exchange->role == ROLE_LIST_TOOLS && answer->result.len)
		bridge_put_tools(bridge, exchange, answer, true);
	if (exchange->role != ROLE_INITIALIZE)
		return;
	if (!session_take_answer(&bridge->session, answer)) {
		bridge_session_failed(
			bridge, "its response to 'initialize' is an error, or names another protocol version than before");
		return;
	}
	bridge->session.generation++;
	bridge_send_own(bridge, ROLE_INITIALIZED, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
}

// What is learned from an answer that the client gets.
static void bridge_learn(struct bridge *bridge, const struct exchange *exchange, const struct message *answer)
{
	if (exchange->modern)
		return;
	if (message_is(&exchange->message, "initialize"))
		bridge->session.stage = session_take_answer(&bridge->session, answer) ? SESSION_ANSWERED : SESSION_NONE;
	else if (answer->result.len)
		session_remember(&bridge->session, &exchange->message);
}

static struct exchange *bridge_find_request(struct bridge *bridge, struct exchange *from, const struct message *answer,
					    struct json_value **id)
{
	*id = exchange_find_id(from, answer->id);
	if (*id)
		return from;
	for (struct exchange *exchange = bridge->first; exchange; exchange = exchange->next) {
		*id = exchange->state == EXCHANGE_HELD ? NULL : exchange_find_id(exchange, answer->id);
		if (*id)
			return exchange;
	}
	return NULL;
}

static bool bridge_take_answer(struct bridge *bridge, struct exchange *from, const struct message *answer)
{
	struct json_value *id;
	struct exchange *exchange = bridge_find_request(bridge, from, answer, &id);
	bool nameless = !json_is_string(answer->id) && !json_is_number(answer->id);

	if (!exchange && nameless && from->role == ROLE_CLIENT && from->id_count == 1 && exchange_wants_answer(from) &&
	    answer->error.len) {
		// an error that does not say whose it is, in the response to one request
		message_put_error_object(&bridge->output.text, from->ids[0], answer->error);
		bridge_learn(bridge, from, answer);
		exchange_mark_answered(from, &from->ids[0]);
		return true;
	}
	if (!exchange)
		return false;
	if (exchange->role != ROLE_CLIENT) {
		bridge_take_own_answer(bridge, exchange, answer);
	} else {
		bridge_learn(bridge, exchange, answer);
		if (exchange->modern && message_is(&exchange->message, "tools/list") && answer->result.len)
			bridge_put_tools(bridge, exchange, answer, false);
		else
			message_put_line(&bridge->output.text, answer->whole.at, answer->whole.len);
	}
	exchange_mark_answered(exchange, id);
	if (exchange->state == EXCHANGE_WAITS_FOR_EVENT)
		exchange->state = EXCHANGE_DONE;
	return true;
}

// Whether the client may have this element of a batch.
static bool bridge_takes_element(struct bridge *bridge, struct exchange *from, struct json_value element)
{
	struct exchange *exchange;
	struct message message;
	struct json_value *id;

	message_read(&message, element.at, element.len);
	if (message.kind != MESSAGE_RESPONSE)
		return message.kind == MESSAGE_REQUEST || message.kind == MESSAGE_NOTIFICATION;
	exchange = bridge_find_request(bridge, from, &message, &id);
	if (!exchange || exchange->role != ROLE_CLIENT)
		return false;
	bridge_learn(bridge, exchange, &message);
	exchange_mark_answered(exchange, id);
	return true;
}

// MCP 2025-03-26: as it is, but without what nobody waits for.
static bool bridge_take_batch(struct bridge *bridge, struct exchange *from, const struct message *batch)
{
	struct json_value rest = batch->whole, element;
	BUF_AUTO(kept, MESSAGE_SIZE_MAX + 1024);
	bool all = true;

	while (json_next(&rest, NULL, &element)) {
		if (!bridge_takes_element(bridge, from, element)) {
			all = false;
			continue;
		}
		buf_addc(&kept, kept.len ? ',' : '[');
		buf_add(&kept, element.at, element.len);
	}
	if (!kept.len)
		return false;
	buf_addc(&kept, ']');
	if (all)
		message_put_line(&bridge->output.text, batch->whole.at, batch->whole.len);
	else
		message_put_line(&bridge->output.text, kept.data, kept.len);
	return true;
}

bool bridge_take_message(struct bridge *bridge, struct exchange *exchange, const char *text, size_t len)
{
	struct message message;
	bool taken = false;

	message_read(&message, text, len);
	if (message.kind == MESSAGE_RESPONSE) {
		taken = bridge_take_answer(bridge, exchange, &message);
	} else if (message.kind == MESSAGE_BATCH) {
		taken = bridge_take_batch(bridge, exchange, &message);
	} else if (message.kind != MESSAGE_NONE) {
		message_put_line(&bridge->output.text, message.whole.at, message.whole.len);
		taken = true;
	}
	if (!taken)
		bridge_notice(bridge, "%s sent %s: ignored", bridge->upstream.host,
			      message.kind == MESSAGE_RESPONSE ? "a response to no open request (a wrong id, or sent twice)" :
								 "text that is not a JSON-RPC message");
	return taken;
}

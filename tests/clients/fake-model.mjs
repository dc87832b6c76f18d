// SPDX-License-Identifier: MIT
// A model for agents' tests, as OpenAI's chat completions: it wants the tool whose name ends in "echo" to be called, and then repeats
// what the tool said.
//   node fake-model.mjs URL-FILE LOG-FILE: the log has a line of JSON for each request, with the results of tools in it
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [urlFile, logFile] = process.argv.slice(2);
const textOf = (content) => (typeof content === 'string' ? content : (content ?? []).map((part) => part.text ?? '').join(''));

function think(request) {
  const results = request.messages.filter((message) => message.role === 'tool').map((message) => textOf(message.content));
  const echo = (request.tools ?? []).map((tool) => tool.function.name).find((name) => /(^|[-_])echo$/.test(name));
  appendFileSync(logFile, `${JSON.stringify({ echo, results })}\n`);
  if (results.length) return { content: `The tool said: ${results.at(-1)}` };
  if (!echo) return { content: 'There is no such tool.' };
  return { tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: echo, arguments: '{"message":"from the agent"}' } }] };
}

async function answer(request, response) {
  let body = '';
  for await (const chunk of request) body += chunk;
  if (!request.url.endsWith('/chat/completions')) {
    response.writeHead(request.url.endsWith('/models') ? 200 : 404, { 'Content-Type': 'application/json' });
    return response.end('{"object":"list","data":[{"id":"fake","object":"model"}]}');
  }
  const question = JSON.parse(body);
  const message = { role: 'assistant', content: null, ...think(question) };
  const reason = message.tool_calls ? 'tool_calls' : 'stop';
  const base = { id: 'c1', created: 1, model: 'fake' };
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  if (!question.stream) {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    return response.end(JSON.stringify({ ...base, object: 'chat.completion', usage, choices: [{ index: 0, message, finish_reason: reason }] }));
  }
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  const send = (chunk) => response.write(`data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', ...chunk })}\n\n`);
  send({ choices: [{ index: 0, delta: message, finish_reason: null }] });
  send({ choices: [{ index: 0, delta: {}, finish_reason: reason }] });
  send({ choices: [], usage });
  return response.end('data: [DONE]\n\n');
}

createServer(answer).listen(0, '127.0.0.1', function ready() {
  writeFileSync(`${urlFile}.new`, `http://127.0.0.1:${this.address().port}/v1\n`);
  renameSync(`${urlFile}.new`, urlFile);
});

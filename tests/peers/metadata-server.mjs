// SPDX-License-Identifier: MIT
// Metadata that a real server will not have: an MCP server and its authorization server in one, which answer what their URL
// says. One part of each path is base64url of
// With "open" an answer never ends.
//   {"mcp":ANSWER,"prm":ANSWER,"prm_root":ANSWER,"oauth":ANSWER,"oidc":ANSWER,"appended_oidc":ANSWER,"appended_oauth":ANSWER}
// with ANSWER {"status":200,"headers":{…},"body":{…},"repeat":1}; what is absent is 404. In it {{self}} is the URL with that
// part, and {{base}} the one without.
// GET /__stats tells which paths were asked for.
import { answerJson, listen, options, sayReady } from './serve.mjs';

const { server, url } = await listen();
let asked = [];
let last = {};

const kinds = [
  ['prm', /^\/\.well-known\/oauth-protected-resource\/([\w-]+)$/],
  ['oauth', /^\/\.well-known\/oauth-authorization-server\/([\w-]+)$/],
  ['oidc', /^\/\.well-known\/openid-configuration\/([\w-]+)$/],
  ['appended_oidc', /^\/([\w-]+)\/\.well-known\/openid-configuration$/],
  ['appended_oauth', /^\/([\w-]+)\/\.well-known\/oauth-authorization-server$/],
  ['token', /^\/([\w-]+)\/token$/],
  ['mcp', /^\/([\w-]+)$/],
];

server.on('request', (request, response) => {
  if (request.url === '/__stats') {
    answerJson(response, { asked });
    asked = [];
    return;
  }
  let kind = request.url === '/.well-known/oauth-protected-resource' ? 'prm_root' : 'unknown';
  for (const [name, pattern] of kinds) {
    const match = pattern.exec(request.url);
    if (match) {
      kind = name;
      last = { part: match[1], answers: JSON.parse(Buffer.from(match[1], 'base64url').toString()) };
    }
  }
  asked.push(kind);
  request.resume();
  const answer = last.answers?.[kind] ?? { status: 404 };
  const fill = (text) => text.replaceAll('{{self}}', `${url}/${last.part}`).replaceAll('{{base}}', url);
  const headers = Object.entries(answer.headers ?? {}).map(([name, value]) => [name, fill(value)]);
  response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...Object.fromEntries(headers) });
  if (answer.open) {
    response.write('event: x\n');
    return;
  }
  response.end(answer.body === undefined ? '' : fill(JSON.stringify(answer.body)).repeat(answer.repeat ?? 1));
});

sayReady({ url, options });

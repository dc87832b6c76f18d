// SPDX-License-Identifier: MIT
// A real MCP server, FastMCP, that keeps a list of things to do. It takes tokens of the authorization server alone.
//   node todo-server.mjs READY-FILE '{"issuer":"http://127.0.0.1:…","require":"todo:write","denied":FILE}'
// With "require", a token without that scope is refused with 403. A token that is in the file "denied" is refused.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { FastMCP } from 'fastmcp';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { z } from 'zod';
import { options, sayReady } from './serve.mjs';

const SCOPES = ['todo:read', 'todo:write'];
const keys = createRemoteJWKSet(new URL(`${options.issuer}/keys`));
const todos = [];
let base; // known once the port is

// FastMCP does not say which port it was given
const listen = http.Server.prototype.listen;
http.Server.prototype.listen = function (...args) {
  this.once('listening', () => {
    base = `http://127.0.0.1:${this.address().port}`;
  });
  return listen.apply(this, args);
};

function refuse(status, error, scope = SCOPES.join(' ')) {
  const challenge = `Bearer ${error}scope="${scope}", resource_metadata="${base}/.well-known/oauth-protected-resource/mcp"`;
  throw new Response(null, { status, headers: { 'WWW-Authenticate': challenge } });
}

async function authenticate(request) {
  const [scheme, token] = (request.headers.authorization ?? '').split(' ');
  if (scheme.toLowerCase() !== 'bearer' || !token) refuse(401, '');
  if (options.denied && readFileSync(options.denied, 'utf8').includes(token)) refuse(401, 'error="invalid_token", ');
  let payload;
  try {
    ({ payload } = await jwtVerify(token, keys, {
      issuer: options.issuer,
      audience: `${base}/mcp`,
      typ: 'at+jwt',
    }));
  } catch {
    refuse(401, 'error="invalid_token", ');
  }
  const scopes = (payload.scope ?? '').split(' ');
  if (options.require && !scopes.includes(options.require)) refuse(403, 'error="insufficient_scope", ', options.require);
  return { scopes };
}

const server = new FastMCP({
  name: 'Todo',
  version: '1.0.0',
  authenticate,
  logger: { debug() {}, error() {}, info() {}, log() {}, warn() {} },
  oauth: {
    enabled: true,
    protectedResource: {
      get resource() {
        return `${base}/mcp`;
      },
      authorizationServers: [options.issuer],
      scopesSupported: SCOPES,
      bearerMethodsSupported: ['header'],
    },
  },
});

const needs = (scope) => (session) => session?.scopes.includes(scope) ?? false;

server.addTool({
  name: 'create_todo',
  description: 'Add something to do',
  parameters: z.object({ title: z.string() }),
  canAccess: needs('todo:write'),
  execute: async ({ title }) => {
    todos.push({ id: todos.length + 1, title });
    return JSON.stringify(todos.at(-1));
  },
});

server.addTool({
  name: 'list_todos',
  description: 'List what there is to do',
  parameters: z.object({}),
  canAccess: needs('todo:read'),
  execute: async () => JSON.stringify(todos),
});

await server.start({
  transportType: 'httpStream',
  httpStream: { port: 0, host: '127.0.0.1', endpoint: '/mcp', stateless: true, enableJsonResponse: true },
});
sayReady({ url: `${base}/mcp` });

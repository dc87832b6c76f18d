// SPDX-License-Identifier: MIT
// The official MCP SDK's client, over a Unix socket: as in a container that has no network, with 'sk-helper proxy' at the other end.
//   node mcp-over-socket.mjs SOCKET URL TOOL ARGUMENTS [FILE]: prints what the tool says; with FILE, makes it and then waits until it is gone
import { existsSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const [socketPath, url, tool, args, file] = process.argv.slice(2);

function fetchOverSocket(address, init = {}) {
  const headers = Object.fromEntries(new Headers(init.headers));
  return new Promise((resolve, reject) => {
    const request = http.request(address, { socketPath, method: init.method ?? 'GET', headers, signal: init.signal }, (response) => {
      const hasBody = response.statusCode !== 204 && response.statusCode !== 304;
      resolve(new Response(hasBody ? Readable.toWeb(response) : null, { status: response.statusCode, headers: response.headers }));
    });
    request.on('error', reject);
    request.end(init.body);
  });
}

const client = new Client({ name: 'test', version: '1' });
await client.connect(new StreamableHTTPClientTransport(new URL(url), { fetch: fetchOverSocket }));
const { content } = await client.callTool({ name: tool, arguments: JSON.parse(args) });
console.log(content[0].text);
if (file) {
  writeFileSync(file, '');
  while (existsSync(file)) await sleep(50);
}
await client.close();
process.exit(0);

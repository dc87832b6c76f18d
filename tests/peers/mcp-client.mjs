// SPDX-License-Identifier: MIT
// The official MCP SDK's client, behind a wrapper that gets its headers from "sk-helper get -", and tells it what a server
// said to the last token.
//   node mcp-client.mjs URL TOOL ARGUMENTS [TIMES]: prints what the tool says, each time
import { spawnSync } from 'node:child_process';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const [url, tool, args, times = '1'] = process.argv.slice(2);

function ask(lines) {
  const answer = spawnSync('sk-helper', ['get', '-'], { input: `url=${url}\n${lines}\n`, stdio: ['pipe', 'pipe', 'inherit'] });
  if (answer.status !== 0) process.exit(answer.status);
  return /^credential=(.*)$/m.exec(answer.stdout.toString())[1];
}

async function fetchWithToken(address, init) {
  const send = (credential) => {
    const headers = new Headers(init?.headers);
    headers.set('Authorization', `Bearer ${credential}`);
    return fetch(address, { ...init, headers });
  };
  const credential = ask('');
  const response = await send(credential);
  if (response.status !== 401 && response.status !== 403) return response;
  const challenge = response.headers.get('www-authenticate') ?? '';
  return send(ask(`credential=${credential}\nwwwauth[]=${challenge}\n`));
}

const client = new Client({ name: 'test', version: '1' });
await client.connect(new StreamableHTTPClientTransport(new URL(url), { fetch: fetchWithToken }));
for (let i = 0; i < Number(times); i += 1) {
  // one after the other, as an agent would
  // eslint-disable-next-line no-await-in-loop
  const { content } = await client.callTool({ name: tool, arguments: JSON.parse(args) });
  console.log(content[0].text);
}
await client.close();

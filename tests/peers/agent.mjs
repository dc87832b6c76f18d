// SPDX-License-Identifier: MIT
// Runs a headers helper as agents do, uses its answer for one call of an MCP server, and runs it once more after a 401.
//   node agent.mjs claude|codex URL COMMAND [DEADLINE-MS]
// claude: by its server's name and URL in the environment, stdin an open socket, retries whatever comes.
// codex: nearly no environment, stdin and stderr null, a process group that is killed as a whole; retries only with another
// header than before. Both give up after 10 s.
import { spawn } from 'node:child_process';

const [kind, url, command, deadline = '10000'] = process.argv.slice(2);
const few = Object.fromEntries(['HOME', 'LOGNAME', 'PATH', 'SHELL', 'USER', 'LANG', 'TERM'].map((name) => [name, process.env[name]]).filter(([, value]) => value));

function runHelper() {
  const env = kind === 'codex' ? few : { ...process.env, CLAUDE_CODE_MCP_SERVER_NAME: 'todo', CLAUDE_CODE_MCP_SERVER_URL: url };
  const stdio = kind === 'codex' ? ['ignore', 'pipe', 'ignore'] : ['pipe', 'pipe', 'inherit'];
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', command], { env, stdio, detached: true });
    const timer = setTimeout(() => {
      process.kill(-child.pid, 'SIGKILL');
      reject(new Error('deadline'));
    }, Number(deadline));
    let out = '';
    child.stdout.on('data', (data) => { out += data; });
    child.on('close', (code) => {
      clearTimeout(timer);
      if (code !== 0) reject(new Error(`exit ${code}`));
      else resolve(JSON.parse(out));
    });
  });
}

const call = (headers) => fetch(url, {
  method: 'POST',
  headers: { ...headers, 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' },
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'list_todos', arguments: {} } }),
});

try {
  const headers = await runHelper();
  let response = await call(headers);
  if (response.status === 401) {
    const again = await runHelper();
    if (kind === 'codex' && again.Authorization === headers.Authorization) throw new Error('the same headers again');
    response = await call(again);
  }
  console.log(response.status);
} catch (error) {
  console.log(error.message);
  process.exitCode = 1;
}

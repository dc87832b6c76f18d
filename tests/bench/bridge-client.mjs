// SPDX-License-Identifier: MIT
// An MCP client that measures its server.
//   node bridge-client.mjs TOOL CALLS PIPELINED COMMAND ARGUMENT...
// Prints JSON: ms from the start to the first answer; median ms of a call; calls a second when all are sent at once; CPU ms a call and
// RSS in KiB of the server's processes, after the calls and at the end; ms from the end of input to the end of the process.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const [tool, calls, pipelined, command, ...args] = process.argv.slice(2);
const start = process.hrtime.bigint();
const ms = (from) => Number(process.hrtime.bigint() - from) / 1e6;
const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] });
// whoever does not answer at all is not measured
setTimeout(() => { child.kill(); process.exit(1); }, 60000).unref();
const waiting = new Map();
let rest = '';
child.stdout.on('data', (chunk) => {
  rest += chunk;
  let end;
  while ((end = rest.indexOf('\n')) >= 0) {
    const line = rest.slice(0, end);
    rest = rest.slice(end + 1);
    const { id, method, error } = JSON.parse(line);
    if (method === undefined && waiting.has(id)) {
      if (error) throw new Error(line);
      waiting.get(id)();
      waiting.delete(id);
    }
  }
});

let next = 0;
const say = (message) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const ask = (method, params) => new Promise((resolve) => {
  next += 1;
  waiting.set(next, resolve);
  say({ id: next, method, params });
});

// the process and all below it
function family(pid) {
  const parents = new Map();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const fields = readFileSync(`/proc/${entry}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
      parents.set(Number(entry), { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]), children: Number(fields[13]) + Number(fields[14]) });
    } catch { /* it has just ended */ }
  }
  const found = [pid];
  for (let i = 0; i < found.length; i += 1) for (const [one, { parent }] of parents) if (parent === found[i]) found.push(one);
  return found.filter((one) => parents.has(one)).map((one) => ({ pid: one, ...parents.get(one) }));
}
const cpu = () => family(child.pid).reduce((sum, { ticks, children }) => sum + (ticks + children) * 10, 0);
const rss = () => family(child.pid).reduce((sum, { pid }) => sum + Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0), 0);
const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const call = () => ask('tools/call', { name: tool, arguments: { message: 'hello', title: 'hello' } });

await ask('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'bench', version: '1' } });
const first = ms(start);
say({ method: 'notifications/initialized' });
await call();
const cpuBefore = cpu();
const rssBefore = rss();
const times = [];
for (let i = 0; i < Number(calls); i += 1) {
  const from = process.hrtime.bigint();
  await call();
  times.push(ms(from));
}
const cpuCalls = (cpu() - cpuBefore) / Number(calls);
const rssCalls = rss();
const from = process.hrtime.bigint();
await Promise.all(Array.from({ length: Number(pipelined) }, call));
const rate = Number(pipelined) / (ms(from) / 1000);
const rssEnd = rss();
const ended = process.hrtime.bigint();
child.stdin.end();
child.on('exit', () => {
  console.log(JSON.stringify({ first, median: median(times), rate, cpu: cpuCalls, rss: [rssBefore, rssCalls, rssEnd], end: ms(ended) }));
  process.exit(0);
});

// SPDX-License-Identifier: MIT
// The same measurements as bridge-client.mjs without anything between the client and the server.
//   node http-client.mjs TOOL CALLS PIPELINED URL
import http from 'node:http';

const [tool, calls, pipelined, url] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
const ms = (from) => Number(process.hrtime.bigint() - from) / 1e6;
const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
let session;
let next = 0;

const post = (message) => new Promise((resolve, reject) => {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', authorization: 'Bearer x', ...(session && { 'mcp-session-id': session }) };
  const request = http.request(url, { method: 'POST', agent, headers }, (response) => {
    session ??= response.headers['mcp-session-id'];
    let body = '';
    response.on('data', (chunk) => { body += chunk; });
    response.on('end', () => resolve(body));
  });
  request.on('error', reject);
  request.end(JSON.stringify({ jsonrpc: '2.0', ...message }));
});
const ask = (method, params) => {
  next += 1;
  return post({ id: next, method, params });
};
const call = () => ask('tools/call', { name: tool, arguments: { message: 'hello' } });

await ask('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'bench', version: '1' } });
await post({ method: 'notifications/initialized' });
await call();
const times = [];
for (let i = 0; i < Number(calls); i += 1) {
  const from = process.hrtime.bigint();
  await call();
  times.push(ms(from));
}
const from = process.hrtime.bigint();
await Promise.all(Array.from({ length: Number(pipelined) }, call));
console.log(JSON.stringify({ median: median(times), rate: Number(pipelined) / (ms(from) / 1000) }));
process.exit(0);

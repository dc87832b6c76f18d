// SPDX-License-Identifier: MIT
// The client that the MCP conformance suite tests: on one side it does what a scenario wants, on the other is a stdio server, which is
// the bridge.
//   BRIDGE_COMMAND='["program","{url}"]' node conformance-client.mjs URL
// The suite says the scenario in the environment; {url}, {client_id}, {client_secret} and {key_file} are filled in.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';

const VERSION = 'io.modelcontextprotocol/protocolVersion';
const url = process.argv.at(-1);
const { MCP_CONFORMANCE_SCENARIO: scenario, MCP_CONFORMANCE_PROTOCOL_VERSION: wanted, TMPDIR = '/tmp' } = process.env;
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}');
const values = { url, ...context };
if (context.private_key_pem) {
  values.key_file = `${TMPDIR}/key-${process.pid}.pem`;
  writeFileSync(values.key_file, context.private_key_pem, { mode: 0o600 });
}
const [command, ...args] = JSON.parse(process.env.BRIDGE_COMMAND).map((word) => word.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? ''));

// What a tool's schema requires, with any value of its type.
const samples = { number: 3, integer: 3, string: 'x', boolean: true, array: [], object: {} };
const argumentsFor = ({ inputSchema: { required = [], properties = {} } }) => Object.fromEntries(required.map((name) => [name, samples[properties[name]?.type] ?? null]));

async function withSession() {
  const client = new Client({ name: 'conformance', version: '1' }, { capabilities: { elicitation: { form: { applyDefaults: true } } } });
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: {} }));
  await client.connect(new StdioClientTransport({ command, args, env: process.env }));
  const { tools } = await client.listTools();
  for (const tool of tools) await client.callTool({ name: tool.name, arguments: argumentsFor(tool) });
  await client.close();
}

async function stateless() {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = new Map();
  let last = 0;
  let version = wanted;
  child.stdin.on('error', () => {});
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line); // anything else on its output is a fault
    waiting.get(message.id)?.(message);
  });
  const gone = new Promise((_, reject) => { child.on('exit', (code) => reject(new Error(`the bridge has ended: ${code}`))); });
  gone.catch(() => {});
  const send = (method, params) => new Promise((resolve) => {
    last += 1;
    waiting.set(last, resolve);
    const _meta = {
      [VERSION]: version,
      'io.modelcontextprotocol/clientInfo': { name: 'conformance', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': { roots: {}, sampling: {}, elicitation: { form: {} } },
    };
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: last, method, params: { ...params, _meta } })}\n`);
  });
  const ask = async (method, params) => {
    let answer = await Promise.race([send(method, params), gone]);
    if (answer.error?.code === -32022) {
      [version] = answer.error.data.supported;
      answer = await Promise.race([send(method, params), gone]);
    }
    if (answer.error) throw new Error(`${method}: ${JSON.stringify(answer.error)}`);
    return answer.result;
  };
  const { capabilities } = await ask('server/discover');
  const { tools } = await ask('tools/list');
  // of that scenario's server, no tool can be called
  const calls = scenario === 'json-schema-ref-no-deref' ? [] : context.toolCalls ?? tools.map((tool) => ({ name: tool.name, arguments: argumentsFor(tool) }));
  for (const call of calls) await ask('tools/call', call);
  if (capabilities.resources) for (const { uri } of (await ask('resources/list')).resources) await ask('resources/read', { uri });
  if (capabilities.prompts) for (const { name } of (await ask('prompts/list')).prompts) await ask('prompts/get', { name });
  const left = new Promise((resolve) => { child.on('exit', resolve); });
  child.stdin.end();
  await left;
}

setTimeout(() => { console.error('it took too long'); process.exit(1); }, 15000).unref();
await (wanted === '2026-07-28' ? stateless() : withSession());

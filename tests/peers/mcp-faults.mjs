// SPDX-License-Identifier: MIT
// For what a real MCP server will not do on demand: a small one whose tools are faults, with sessions as MCP 2025-06-18 has them, and
// the headers of 2026-07-28 checked where a message is of that kind.
//   node mcp-faults.mjs READY-FILE '{"lost":404,"events":true,"session":true}'
// GET /__stats tells what came; POST /__set changes options; POST /__forget forgets the sessions; POST /__deny refuses all tokens that
// were seen; POST /__say sends its body on the stream of events; POST /__close ends that stream.
import { randomUUID } from 'node:crypto';
import { answerJson, listen, options, sayReady } from './serve.mjs';

const { server, url } = await listen();
const VERSION = 'io.modelcontextprotocol/protocolVersion';
let sessions = new Set();
let events;
let open = 0;
let most = 0;
const seen = [];
const denied = new Set();
const counts = {};
const waiting = new Map();
const heldAnswers = new Map();

const text = (value) => ({ content: [{ type: 'text', text: value }] });
const answerTo = (message, result) => ({ jsonrpc: '2.0', id: message.id, result });
const scopesOf = (token) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString() || '{}').scope ?? '';

function json(response, status, body, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

function stream(response, headers = {}) {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', ...headers });
  return (data, { id, event, retry } = {}) => {
    response.write(`${event ? `event: ${event}\n` : ''}${id ? `id: ${id}\n` : ''}${retry === undefined ? '' : `retry: ${retry}\n`}data: ${data === '' ? '' : JSON.stringify(data)}\n\n`);
  };
}

const challenge = (response, status, error) => json(response, status, { error: 'token' }, { 'www-authenticate': `Bearer ${error}` });

const tools = {
  echo: (m, r, args) => json(r, 200, answerTo(m, text(args.message ?? ''))),
  html: (m, r) => {
    r.writeHead(502, { 'content-type': 'text/html' });
    r.end('<html>\n<body>bad \u001b[31mgateway</body></html>');
  },
  refuse: (m, r, args) => json(r, args.status ?? 500, args.body ?? { error: 'broken' }, args.headers),
  raw: (m, r, args) => json(r, 200, args.body),
  empty: (m, r) => json(r, 200, ''),
  other_id: (m, r) => json(r, 200, { jsonrpc: '2.0', id: 'somebody-else', result: {} }),
  drop: (m, r) => r.destroy(),
  hang: (m, r) => r.on('close', () => { counts.closed = (counts.closed ?? 0) + 1; }),
  cut: (m, r) => {
    stream(r)({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'x' } });
    setTimeout(() => r.destroy(), 20);
  },
  resume: (m, r, args) => {
    const id = randomUUID();
    heldAnswers.set(id, answerTo(m, text('resumed')));
    stream(r)('', { id, retry: args.retry ?? 10 });
    setTimeout(() => r.end(), 20);
  },
  // the stream ends in the middle of the answer, which is still to be had
  resume_cut: (m, r) => {
    const first = randomUUID();
    heldAnswers.set(first, answerTo(m, text('whole')));
    stream(r)('', { id: first, retry: 10 });
    r.write(`id: second\ndata: ${JSON.stringify(answerTo(m, text('whole'))).slice(0, 20)}`);
    setTimeout(() => r.destroy(), 20);
  },
  // two streams that end before the answer, the second without an id of its own
  resume_twice: (m, r) => {
    const id = randomUUID();
    heldAnswers.set(id, 'comment first');
    setTimeout(() => heldAnswers.set(id, answerTo(m, text('third time'))), 200);
    stream(r)('', { id, retry: 10 });
    setTimeout(() => r.end(), 20);
  },
  // the session is gone when the stream is asked for again: the call was made
  resume_lost: (m, r) => {
    stream(r)('', { id: 'gone', retry: 10 });
    setTimeout(() => { sessions = new Set(); r.end(); }, 20);
  },
  // one event each time, and again at once
  resume_for_ever: (m, r) => {
    heldAnswers.set('ever', 'event');
    stream(r)('', { id: 'ever', retry: 0 });
    setTimeout(() => r.end(), 5);
  },
  repeat_token: (m, r, args, token) => json(r, 500, `you have sent Bearer ${token}`),
  refuse_slowly: (m, r) => {
    r.writeHead(500, { 'content-type': 'text/plain' });
    r.write('broken');
  },
  late: (m, r, args) => setTimeout(() => json(r, args.status, { error: 'late' }), args.ms),
  noise: (m, r, args) => {
    stream(r);
    for (let i = 0; i < args.count; i += 1) r.write(`data: ${i % 2 ? 'no message' : '{"jsonrpc":"2.0","id":"nobody","result":{}}'}\n\n`);
    r.end(`data: ${JSON.stringify(answerTo(m, text('noisy')))}\n\n`);
  },
  slow: async (m, r, args) => {
    const send = stream(r);
    for (let i = 0; i < 3; i += 1) {
      send({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 't', progress: i } });
      await new Promise((resolve) => { setTimeout(resolve, (args.ms ?? 30) / 3); });
    }
    send(answerTo(m, text('slow')));
    r.end();
  },
  // answers, and leaves the stream open
  linger: (m, r) => {
    stream(r)(answerTo(m, text('lingers')));
    r.on('close', () => { counts.closed = (counts.closed ?? 0) + 1; });
  },
  // the same answer twice, and one for nobody
  twice: (m, r) => {
    const send = stream(r);
    send(answerTo(m, text('once')));
    send(answerTo(m, text('twice')));
    send({ jsonrpc: '2.0', id: 'nobody', result: {} });
    r.end();
  },
  // SSE as it may be cut: CR LF, comments, an event in several lines, pieces of one byte
  odd_stream: async (m, r) => {
    const body = JSON.stringify(answerTo(m, text('odd é \ud83d')), null, 1).split('\n').map((line) => `data: ${line}`).join('\r\n');
    r.writeHead(200, { 'Content-Type': 'Text/Event-Stream' });
    for (const byte of Buffer.from(`\ufeff: comment\r\n\r\nevent: message\r\n${body}\r\n\r\nevent: other\rdata: no\r\r`)) {
      r.write(Buffer.from([byte]));
      if (byte === 13) await new Promise((resolve) => { setImmediate(resolve); });
    }
    r.end();
  },
  big: (m, r, args) => json(r, 200, answerTo(m, text('x'.repeat(args.size)))),
  big_stream: (m, r, args) => {
    const send = stream(r);
    for (let i = 0; i < args.count; i += 1) send({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'x'.repeat(args.size) } });
    send(answerTo(m, text('done')));
    r.end();
  },
  ask: (m, r) => {
    const send = stream(r);
    waiting.set(7, (answer) => {
      send(answerTo(m, text(JSON.stringify(answer.result))));
      r.end();
    });
    send({ jsonrpc: '2.0', id: 7, method: 'elicitation/create', params: { message: '?' } });
  },
  needs_scope: (m, r, args, token) => (scopesOf(token).includes(args.scope)
    ? json(r, 200, answerTo(m, text('allowed')))
    : challenge(r, 403, `error="insufficient_scope", scope="${args.scope}"`)),
  refuse_token: (m, r) => challenge(r, 401, 'error="invalid_token"'),
  forget_session: (m, r) => {
    sessions = new Set();
    json(r, 200, answerTo(m, text('forgotten')));
  },
};

const schema = (properties) => ({ type: 'object', properties });
const LISTED = [
  { name: 'plain', inputSchema: schema({ a: { type: 'string' } }) },
  { name: 'region', inputSchema: schema({ place: { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } }, n: { type: 'integer', 'x-mcp-header': 'Count' }, b: { type: 'boolean', 'x-mcp-header': 'Flag' } }) },
  { name: 'wrong_type', inputSchema: schema({ a: { type: 'number', 'x-mcp-header': 'A' } }) },
  { name: 'wrong_twice', inputSchema: schema({ a: { type: 'string', 'x-mcp-header': 'A' }, b: { type: 'string', 'x-mcp-header': 'a' } }) },
  { name: 'wrong_place', inputSchema: schema({ a: { type: 'array', items: { type: 'string', 'x-mcp-header': 'A' } } }) },
  { name: 'wrong_name', inputSchema: schema({ a: { type: 'string', 'x-mcp-header': 'A B' } }) },
];

function modern(message, request, response) {
  const { headers } = request;
  const name = message.params?.name ?? message.params?.uri;
  const unlike = headers['mcp-method'] !== message.method || headers['mcp-protocol-version'] !== message.params?._meta?.[VERSION] ||
    (['tools/call', 'prompts/get', 'resources/read'].includes(message.method) && headers['mcp-name'] !== name && !(headers['mcp-name'] ?? '').startsWith('=?base64?'));
  if (unlike || (name === 'region' && message.params.arguments?.place?.region && !headers['mcp-param-region']))
    return json(response, 400, { jsonrpc: '2.0', id: null, error: { code: -32020, message: 'header mismatch' } });
  if (message.method === 'tools/list') return json(response, 200, answerTo(message, { tools: LISTED }));
  if (message.method === 'subscriptions/listen') return stream(response)({ jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged', params: {} });
  if (message.method === 'tools/call' && tools[name]) return tools[name](message, response, message.params.arguments ?? {});
  if (message.method === 'server/discover' && options.silent) return undefined;
  if (message.method === 'tools/call') return json(response, 200, answerTo(message, text(JSON.stringify(headers))));
  return json(response, 404, { jsonrpc: '2.0', id: message.id, error: { code: -32601, message: 'no such method' } });
}

function lost(response) {
  if (options.lost === 'text') {
    response.writeHead(400, { 'content-type': 'text/plain' });
    return response.end('Bad Request: No valid session ID provided');
  }
  if (options.lost === 'named') return json(response, 400, { jsonrpc: '2.0', id: 'server-error', error: { code: -32600, message: 'Bad Request: Missing session ID' } });
  if ((options.lost ?? 404) === 404) return json(response, 404, 'Not Found');
  return json(response, options.lost, { jsonrpc: '2.0', id: null, error: { code: -32000, message: 'Bad Request: No valid session ID provided' } });
}

function legacy(message, request, response, token) {
  if (message.method === 'initialize') {
    if (options.away) return json(response, 503, 'starting');
    const id = randomUUID();
    sessions.add(id);
    const answer = answerTo(message, { protocolVersion: options.version ?? message.params.protocolVersion, capabilities: { tools: { listChanged: true } }, serverInfo: { name: 'faults', version: '1' } });
    setTimeout(() => json(response, 200, answer, { 'Set-Cookie': 'pin=1', ...(options.session === false ? {} : { 'Mcp-Session-Id': id }) }), options.slow_start ?? 0);
    return undefined;
  }
  if (options.session !== false && !sessions.has(request.headers['mcp-session-id'])) return lost(response);
  if (message.method === undefined) {
    waiting.get(message.id)?.(message);
    return json(response, 202, '');
  }
  if (message.method === 'notifications/initialized' && options.confirm_stream) {
    stream(response);
    return response.flushHeaders();
  }
  if (message.method === 'notifications/repeat_token') return tools.repeat_token(message, response, {}, token);
  if (message.id === undefined) return options.hang_notifications ? undefined : json(response, 202, '');
  if (message.method === 'vendor/charge') return response.destroy();
  if (message.method === 'logging/setLevel' && options.no_replay) return json(response, 404, 'no such session');
  if (message.method === 'tools/call') return (tools[message.params.name] ?? tools.echo)(message, response, message.params.arguments ?? {}, token);
  return json(response, 200, answerTo(message, message.method === 'tools/list' ? { tools: LISTED } : {}));
}

function post(body, request, response, token) {
  let message;
  try {
    message = JSON.parse(body);
  } catch {
    return json(response, 400, { jsonrpc: '2.0', id: null, error: { code: -32700, message: 'parse error' } });
  }
  if (Array.isArray(message)) return json(response, 200, message.filter((m) => m.id !== undefined).map((m) => answerTo(m, {})));
  if (message.params?._meta?.[VERSION]) return modern(message, request, response);
  if (request.headers['mcp-method'] && message.id === undefined && !request.headers['mcp-session-id']) return json(response, 202, '');
  return legacy(message, request, response, token);
}

// HTTP+SSE: the first event says where messages go
function openOldEvents(response) {
  events = response;
  stream(response);
  response.write(`event: endpoint\ndata: ${options.endpoint ?? '/messages'}\n\n`);
}

function postOld(body, response) {
  const message = JSON.parse(body);
  json(response, 202, 'Accepted');
  if (message.method === 'tools/call' && message.params.name === 'end_stream') return events.end();
  if (message.id !== undefined) events.write(`event: message\ndata: ${JSON.stringify(answerTo(message, message.method === 'initialize' ? { protocolVersion: '2024-11-05', capabilities: {}, serverInfo: { name: 'old', version: '1' } } : text('old')))}\n\n`);
  return undefined;
}

function openEvents(request, response) {
  const held = heldAnswers.get(request.headers['last-event-id']);
  if (held === 'comment first') {
    stream(response);
    return response.end(': nothing yet\n\n');
  }
  if (held) {
    stream(response)(held === 'event' ? { jsonrpc: '2.0', method: 'notifications/message', params: {} } : held);
    return response.end();
  }
  if (options.events === false) return json(response, 405, '');
  if (options.session !== false && !sessions.has(request.headers['mcp-session-id'])) return lost(response);
  events = response;
  stream(response);
  response.flushHeaders();
  return undefined;
}

function control(request, response, body) {
  const name = request.url.slice(3);
  if (name === 'stats') return answerJson(response, { seen, counts, most, sessions: [...sessions], url });
  if (name === 'set') Object.assign(options, JSON.parse(body));
  if (name === 'forget') sessions = new Set();
  if (name === 'clear') {
    seen.length = 0;
    most = open;
  }
  if (name === 'deny') for (const { token } of seen) denied.add(token);
  if (name === 'say') events?.write(`id: ${seen.length}\ndata: ${body}\n\n`);
  if (name === 'close') events?.end();
  return answerJson(response, {});
}

server.keepAliveTimeout = 0;
server.on('connection', (socket) => {
  open += 1;
  most = Math.max(most, open);
  socket.on('close', () => { open -= 1; });
});
server.on('request', (request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString();
    if (request.url.startsWith('/__')) return control(request, response, body);
    const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
    // of HTTP/2, without its pseudo headers
    const { authorization, ...headers } = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !name.startsWith(':')));
    seen.push({ http: request.method, version: request.httpVersion, url: request.url, headers, body: body.length > 100000 ? body.length : body, token });
    if (request.url.startsWith('/moved') && request.url !== '/moved/here') {
      response.writeHead(Number(request.url.slice(7)) || 307, { location: options.location, 'content-type': 'text/html' });
      return response.end('<html>moved</html>');
    }
    if (request.url.includes('.well-known')) return json(response, 404, '');
    if (!token || denied.has(token)) return challenge(response, 401, token ? 'error="invalid_token"' : 'realm="x"');
    if (request.url === '/sse' && request.method === 'GET') return openOldEvents(response);
    if (request.url.startsWith('/messages')) return postOld(body, response);
    if (request.method === 'GET') return openEvents(request, response);
    if (request.method === 'DELETE') {
      sessions.delete(request.headers['mcp-session-id']);
      if (options.slow_delete) return undefined;
      return json(response, 200, '');
    }
    return post(body, request, response, token);
  });
});

sayReady({ url: `${url}/mcp`, base: url });

// SPDX-License-Identifier: MIT
// An API behind a token: it says what it was sent, and answers in all the ways that HTTP has, good and bad.
//   node echo-server.mjs READY-FILE '{"tokens":FILE,"tls":{…},"h2":true}'
// tokens: a file with the tokens that it takes, a line each, read for each request; without it, any is taken. Paths below /api:
//   /echo            JSON: method, url, headers, length and SHA-256 of the body
//   /size/N          N bytes           /chunks/N  the same, of unknown length
//   /events/N/MS     N server-sent events, MS milliseconds apart
//   /redirect/CODE?to=URL   /status/CODE   /header?NAME=VALUE   /token-in-header
//   /range           what "Range" asks for, of 1000 bytes
//   /hang            no answer   /half  the beginning of a body, and then the end   /more  more than its length says   /early  401 before the body
//   /garbage         no HTTP
// GET /__stats tells how many requests came, and to where.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { answerJson, listen, options, sayReady } from './serve.mjs';

const { server, url } = await listen();
const stats = { versions: [], requests: 0, urls: [], open: 0, tokens: [] };
const thousand = Buffer.from(Array.from({ length: 1000 }, (_, i) => 97 + (i % 26)));

function allowed(authorization) {
  if (!options.tokens) return authorization.startsWith('Bearer ');
  return readFileSync(options.tokens, 'utf8').split('\n').some((token) => token && authorization === `Bearer ${token}`);
}

// As much as the other side takes, and no more.
function pour(response, left) {
  const block = Buffer.alloc(65536, 'x');
  const more = () => {
    while (left > 0) {
      const piece = left < block.length ? block.subarray(0, left) : block;
      left -= piece.length;
      if (!response.write(piece)) return response.once('drain', more);
    }
    response.end();
  };
  more();
}

function echo(request, response) {
  const hash = createHash('sha256');
  let length = 0;
  request.on('data', (piece) => { hash.update(piece); length += piece.length; });
  request.on('end', () => answerJson(response, {
    method: request.method, url: request.url, headers: request.headers, raw: request.rawHeaders, length, sha256: hash.digest('hex'),
  }));
}

function events(response, count, pause) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let sent = 0;
  const timer = setInterval(() => {
    response.write(`id: ${++sent}\ndata: event ${sent}\n\n`);
    if (sent === count) { clearInterval(timer); response.end(); }
  }, pause);
  response.on('close', () => clearInterval(timer));
}

function range(request, response) {
  const asked = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  if (!asked) return response.end(thousand);
  const [from, to] = [Number(asked[1]), Number(asked[2])];
  response.writeHead(206, { 'content-range': `bytes ${from}-${to}/1000`, 'content-length': to - from + 1 });
  return response.end(thousand.subarray(from, to + 1));
}

server.on('request', (request, response) => {
  const target = new URL(request.url, url);
  const [, , what, first, second] = target.pathname.split('/');
  if (request.url === '/__stats') return answerJson(response, stats);
  stats.requests += 1;
  stats.versions.push(request.httpVersion);
  stats.urls.push(`${request.method} ${request.url}`);
  if (stats.urls.length > 1000) stats.urls.shift();
  stats.open += 1;
  response.on('close', () => { stats.open -= 1; });
  const authorization = request.headers.authorization ?? '';
  stats.tokens.push(authorization);
  if (stats.tokens.length > 1000) stats.tokens.shift();
  if (!allowed(authorization)) {
    const refuse = () => {
      response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"', 'content-type': 'application/json' });
      response.end('{"error":"invalid_token"}');
    };
    request.resume();
    // some servers read all of a request first
    if (target.search === '?late') return request.on('end', refuse);
    return refuse();
  }
  switch (what) {
    case 'size': response.writeHead(200, { 'content-length': first }); return request.method === 'HEAD' ? response.end() : pour(response, Number(first));
    case 'chunks': return pour(response, Number(first));
    case 'events': return events(response, Number(first), Number(second));
    case 'redirect': response.writeHead(Number(first), { location: target.searchParams.get('to') }); return response.end();
    case 'status': response.writeHead(Number(first), { 'content-type': 'text/plain' }); return response.end(first === '204' || first === '304' ? undefined : 'text');
    case 'header': for (const [name, value] of target.searchParams) response.setHeader(name, value); return response.end('x');
    case 'token-in-header': return setTimeout(() => { response.writeHead(200, { 'x-token': authorization, 'x-other': 'kept' }); response.end('x'); }, Number(first ?? 0));
    case 'coded': response.socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n'); return undefined;
    case 'deaf': request.pause(); response.writeHead(200, { 'content-length': 2 }); return response.write('o');
    case 'many-headers': for (let i = 0; i < 1000; i++) response.setHeader(`x-${i}`, 'y'.repeat(50)); return response.end('x');
    case 'range': return range(request, response);
    case 'hang': return undefined;
    case 'half': response.writeHead(200, { 'content-length': 1000 }); response.write('half'); return setTimeout(() => response.socket.destroy(), 50);
    case 'more': response.socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nmoreHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'); return undefined;
    case 'garbage': response.socket.end('garbage\r\n\r\n'); return undefined;
    case 'early': response.writeHead(413, { connection: 'close' }); return response.end('too large');
    case 'fast': return response.end('ok');
    default: return echo(request, response);
  }
});

sayReady({ url, options });

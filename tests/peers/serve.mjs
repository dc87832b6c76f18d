// SPDX-License-Identifier: MIT
// What the peers share: their options, a server on a free port of this machine, and the file that says it is ready.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';

export const options = JSON.parse(process.argv[3] ?? '{}');
const ready = process.argv[2];

export function sayReady(facts) {
  writeFileSync(`${ready}.new`, JSON.stringify({ pid: process.pid, ...facts }));
  renameSync(`${ready}.new`, ready);
}

// tls: more options of a server with TLS
export function listen(tls = {}) {
  const create = options.h2 ? (more) => http2.createSecureServer({ allowHTTP1: true, ...more }) : https.createServer;
  const server = options.tls
    ? create({ key: readFileSync(options.tls.key), cert: readFileSync(options.tls.cert), ...tls })
    : http.createServer();
  return new Promise((resolve) => {
    server.listen(options.port ?? 0, '127.0.0.1', () => {
      const scheme = options.tls ? 'https' : 'http';
      resolve({ server, url: `${scheme}://${options.host ?? '127.0.0.1'}:${server.address().port}` });
    });
  });
}

export function answerJson(response, body) {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}

// SPDX-License-Identifier: MIT
// What a tool sends to a server that wants to know who asks: a little of a git, WebDAV, container and npm server, and of a
// Kubernetes one. Without an Authorization header, or with a token that is in the file "denied", it says 401.
//   node recorder.mjs READY-FILE '{"challenge":"Basic realm=\"x\"","denied":FILE,"tls":{…}}'
// GET /__stats tells the Authorization headers that came, Basic ones decoded.
import { readFileSync } from 'node:fs';
import { answerJson, listen, options, sayReady } from './serve.mjs';

const { server, url } = await listen();
const seen = [];

const multistatus = (href) => `<?xml version="1.0"?><d:multistatus xmlns:d="DAV:"><d:response><d:href>${href}</d:href>
<d:propstat><d:prop><d:resourcetype><d:collection/></d:resourcetype></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>
</d:response></d:multistatus>`;

function decode(authorization) {
  const [scheme, value] = authorization.split(' ');
  return scheme === 'Basic' ? `Basic ${Buffer.from(value, 'base64')}` : authorization;
}

server.on('request', (request, response) => {
  if (request.url === '/__stats') return answerJson(response, { seen });
  const authorization = decode(request.headers.authorization ?? '');
  const denied = options.denied && authorization && readFileSync(options.denied, 'utf8').split('\n').some((token) => token && authorization.includes(token));
  if (authorization) seen.push(authorization);
  request.resume();
  if (!authorization || denied) {
    response.writeHead(401, { 'www-authenticate': options.challenge ?? 'Basic realm="x"', 'content-type': 'application/json' });
    return response.end(JSON.stringify({ kind: 'Status', status: 'Failure', code: 401 }));
  }
  if (request.method === 'PROPFIND') {
    response.writeHead(207, { 'content-type': 'application/xml' });
    return response.end(multistatus(request.url));
  }
  if (request.url.includes('/info/refs')) {
    response.writeHead(200, { 'content-type': 'text/plain' });
    return response.end('');
  }
  if (request.url.endsWith('/HEAD')) return response.end('ref: refs/heads/main\n');
  if (request.url.includes('/tags/list')) return answerJson(response, { name: 'x', tags: ['one'] });
  return answerJson(response, { name: 'pkg', 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': { name: 'pkg', version: '1.0.0', dist: { tarball: `${url}/pkg.tgz` } } } });
});

sayReady({ url, options });

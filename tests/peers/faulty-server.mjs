// SPDX-License-Identifier: MIT
// For what a real authorization server will not do on demand: answers what its URL says. The last part of the path is
// base64url of a JSON array of answers, given one after the other, the last one for ever:
//   [{"status":200,"headers":{…},"body":"…" or {…},"repeat":1,"wrap":false,"delay":0,"hang":false}]
// "wrap" makes the body the access token of a good answer.
// GET /__stats tells how many requests came, what the last one said, and all their bodies.
import { answerJson, listen, options, sayReady } from './serve.mjs';

const { server, url } = await listen();
const seen = new Map();
let requests = 0;
let last = {};
const bodies = [];

function fillIn(body, request) {
  const secret = new URLSearchParams(last.body).get('client_secret') ?? '';
  const assertion = new URLSearchParams(last.body).get('client_assertion') ?? '';
  return body.replaceAll('{{secret}}', secret).replaceAll('{{assertion}}', assertion).replaceAll('{{authorization}}', request.headers.authorization ?? '');
}

server.on('request', (request, response) => {
  if (request.url === '/__stats') return answerJson(response, { requests, last, bodies });
  requests += 1;
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    last = { method: request.method, headers: request.headers, body: Buffer.concat(chunks).toString() };
    bodies.push(last.body);
    const answers = JSON.parse(Buffer.from(request.url.split('/').pop(), 'base64url').toString());
    const turn = seen.get(request.url) ?? 0;
    seen.set(request.url, turn + 1);
    const answer = answers[Math.min(turn, answers.length - 1)];
    if (answer.hang) return;
    setTimeout(() => {
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
      const { body: said = '' } = answer;
      let body = (typeof said === 'string' ? said : JSON.stringify(said)).repeat(answer.repeat ?? 1);
      if (answer.wrap) body = JSON.stringify({ access_token: body, token_type: 'Bearer', expires_in: 600 });
      response.end(fillIn(body, request));
    }, answer.delay ?? 0);
  });
  return undefined;
});

sayReady({ url, options });

// SPDX-License-Identifier: MIT
// An HTTP proxy that takes every host for this machine, so that names which no resolver knows can be reached.
// GET /__stats tells what it was asked to connect to.
import net from 'node:net';
import { answerJson, listen, options, sayReady } from './serve.mjs';

const { server, url } = await listen();
const connects = [];

server.on('request', (request, response) => answerJson(response, { connects }));
server.on('connect', (request, client, head) => {
  connects.push(request.url);
  const upstream = net.connect(Number(request.url.split(':').pop()), '127.0.0.1', () => {
    // what a proxy says is not the server's word
    client.write('HTTP/1.1 200 Connection established\r\nWWW-Authenticate: Bearer resource_metadata="https://evil.example.com/x"\r\n\r\n');
    upstream.write(head);
    upstream.pipe(client).pipe(upstream);
  });
  upstream.on('error', () => client.destroy());
  client.on('error', () => upstream.destroy());
});

sayReady({ url, options });

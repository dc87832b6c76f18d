// SPDX-License-Identifier: MIT
// A real authorization server, oidc-provider, with clients that may use the client credentials grant.
//   node authorization-server.mjs READY-FILE '{"ttl":3600,"delay":0,"issuer":"/path","clients":[…],"tls":{"key":…,"cert":…}}'
// GET /__stats tells how many token requests came.
import Provider from 'oidc-provider';
import { answerJson, listen, options, sayReady } from './serve.mjs';

const SCOPES = 'todo:read todo:write';
const { server, url } = await listen();
const issuer = url + (options.issuer ?? '');
let tokenRequests = 0;

const client = ({ id, secret, method = 'client_secret_post' }) => ({
  client_id: id,
  client_secret: secret,
  token_endpoint_auth_method: method,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  scope: SCOPES,
});

const provider = new Provider(issuer, {
  clients: (options.clients ?? [{ id: 'm2m_todo', secret: 'test_secret' }]).map(client),
  clientAuthMethods: ['client_secret_post', 'client_secret_basic'],
  scopes: SCOPES.split(' '),
  routes: { token: '/oauth/token', jwks: '/keys' },
  ttl: { ClientCredentials: options.ttl ?? 3600 },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({
        scope: SCOPES,
        accessTokenTTL: options.ttl ?? 3600,
        accessTokenFormat: options.format ?? 'jwt',
      }),
    },
  },
});
const callback = provider.callback();
const prefix = options.issuer ?? '';

server.on('request', (request, response) => {
  if (request.url === '/__stats') return answerJson(response, { token_requests: tokenRequests });
  if (prefix && request.url.startsWith(prefix)) {
    request.originalUrl = request.url;
    request.url = request.url.slice(prefix.length) || '/';
  }
  if (request.method === 'POST' && request.url.startsWith('/oauth/token')) tokenRequests += 1;
  return setTimeout(() => callback(request, response), options.delay ?? 0);
});

sayReady({ url, issuer, token_endpoint: `${issuer}/oauth/token` });

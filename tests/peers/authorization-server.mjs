// SPDX-License-Identifier: MIT
// A real authorization server, oidc-provider, with clients that may use the client credentials grant.
//   node authorization-server.mjs READY-FILE '{"ttl":3600,"delay":0,"issuer":"/path","format":"opaque","clients":[…],"tls":{"key":…,"cert":…}}'
// A client is {"id","secret","method","keys":[JWK],"alg","certificate":FILE,"subject"}. Assertions must be as rfc7523bis has them;
// with "audience":"token_endpoint", as old servers do. With tls.client_ca there is a second port, for clients with certificates.
// GET /__stats tells how many token requests came, how many revocations, and the last client assertion.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import Provider, { errors } from 'oidc-provider';
import { answerJson, listen, options, sayReady } from './serve.mjs';

const SCOPES = 'todo:read todo:write';
const { server, url } = await listen();
const issuer = url + (options.issuer ?? '');
const mtls = options.tls?.client_ca ? await listen({ requestCert: true, rejectUnauthorized: false, ca: readFileSync(options.tls.client_ca) }) : undefined;
const tokenEndpoint = `${issuer}/oauth/token`;
const stats = { token_requests: 0, revocations: 0 };

function certificateKey(file) {
  const certificate = new X509Certificate(readFileSync(file));
  return { ...certificate.publicKey.export({ format: 'jwk' }), x5c: [certificate.raw.toString('base64')] };
}

const client = ({ id, secret, method = 'client_secret_post', keys, alg, certificate, subject }) => ({
  client_id: id,
  client_secret: secret,
  token_endpoint_auth_method: method,
  token_endpoint_auth_signing_alg: alg,
  jwks: keys || certificate ? { keys: [...(keys ?? []), ...(certificate ? [certificateKey(certificate)] : [])] } : undefined,
  tls_client_auth_subject_dn: subject,
  tls_client_certificate_bound_access_tokens: method.includes('tls') || undefined,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  scope: SCOPES,
});

// What draft-ietf-oauth-rfc7523bis asks for, and oidc-provider leaves to us.
async function checkAssertion(ctx, claims, header) {
  stats.assertion = { header, claims };
  const audience = options.audience === 'token_endpoint' ? tokenEndpoint : issuer;
  if (claims.aud !== audience) throw new errors.InvalidClientAuth('aud is not ours alone');
  if (header.typ !== 'client-authentication+jwt') throw new errors.InvalidClientAuth('typ');
  if (!(claims.exp - claims.iat <= 300)) throw new errors.InvalidClientAuth('lives too long');
}

const peer = (ctx) => ctx.socket.getPeerCertificate?.();
const features = {
  clientCredentials: { enabled: true },
  devInteractions: { enabled: false },
  introspection: { enabled: true },
  revocation: { enabled: true },
  resourceIndicators: {
    enabled: true,
    getResourceServerInfo: () => ({
      scope: SCOPES,
      accessTokenTTL: options.ttl ?? 3600,
      accessTokenFormat: options.format ?? 'jwt',
    }),
  },
};
const clientAuthMethods = ['client_secret_post', 'client_secret_basic', 'private_key_jwt'];
if (mtls) {
  clientAuthMethods.push('tls_client_auth', 'self_signed_tls_client_auth');
  features.mTLS = {
    enabled: true,
    certificateBoundAccessTokens: true,
    selfSignedTlsClientAuth: true,
    tlsClientAuth: true,
    getCertificate: (ctx) => (peer(ctx)?.raw ? new X509Certificate(peer(ctx).raw).toString() : undefined),
    certificateAuthorized: (ctx) => ctx.socket.authorized,
    certificateSubjectMatches: (ctx, property, expected) => `CN=${peer(ctx).subject.CN}` === expected,
  };
}

const provider = new Provider(issuer, {
  clients: (options.clients ?? [{ id: 'm2m_todo', secret: 'test_secret' }]).map(client),
  clientAuthMethods: options.methods ?? clientAuthMethods,
  enabledJWA: options.algs ? { clientAuthSigningAlgValues: options.algs } : undefined,
  assertJwtClientAuthClaimsAndHeader: checkAssertion,
  discovery: mtls
    ? {
        mtls_endpoint_aliases: {
          token_endpoint: tokenEndpoint.replace(url, mtls.url),
          revocation_endpoint: `${issuer}/oauth/revoke`.replace(url, mtls.url),
        },
      }
    : {},
  scopes: SCOPES.split(' '),
  routes: { token: '/oauth/token', jwks: '/keys', revocation: '/oauth/revoke', introspection: '/introspect' },
  ttl: { ClientCredentials: options.ttl ?? 3600 },
  features,
});
const callback = provider.callback();
const prefix = options.issuer ?? '';

function answer(request, response) {
  if (request.url === '/__stats') return answerJson(response, stats);
  if (prefix && request.url.startsWith(prefix)) {
    request.originalUrl = request.url;
    request.url = request.url.slice(prefix.length) || '/';
  }
  if (request.method === 'POST' && request.url.startsWith('/oauth/token')) stats.token_requests += 1;
  if (request.method === 'POST' && request.url.startsWith('/oauth/revoke')) stats.revocations += 1;
  return setTimeout(() => callback(request, response), options.delay ?? 0);
}
server.on('request', answer);
mtls?.server.on('request', answer);

sayReady({ url, issuer, token_endpoint: tokenEndpoint, mtls_url: mtls?.url });

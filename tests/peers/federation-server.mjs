// SPDX-License-Identifier: MIT
// Workload identity, both ends of it: a platform that signs identity tokens, and a real authorization server, oidc-provider, that
// takes them instead of a secret: as client assertion (RFC 7523 2.2), as grant (2.1), in token exchange (RFC 8693).
//   node federation-server.mjs READY-FILE '{"clients":[{"id","secret","subject"}],"audience":…,"client_id_rule":"required"|"forbidden",
//     "anonymous":true,"json":false,"single_use":false,"errors":"rfc"|"anthropic","required_params":[NAME…],"delay":0,"fail":[…],
//     "actions_fault":"html"|"empty"|"no-value"|"big"|"500"|"hang","ttl":3600,"format":"jwt"|"opaque","issuer":"/path"}'
// A client with a subject is the one that the platform's assertions about that subject stand for. Each token request takes one of
// "fail": a status, "429", "hang", "close", "lost" (as close, but what came is used up), {"status","headers","body"}, or "ok".
// GET /platform/token?aud=…&sub=…&ttl=…&nbf=…&jti=…&iss=…&noexp=1&pad=N is a new identity token; a claim that is given empty is left
// out. GET /actions/id-token is GitHub's. GET /__stats tells what came; "exchanges" are tokens given. POST /__set changes options.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { stringify } from 'node:querystring';
import { decodeJwt, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import Provider, { errors } from 'oidc-provider';
import { answerJson, listen, options, sayReady } from './serve.mjs';

const SCOPES = ['todo:read', 'todo:write'];
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const TOKEN_TYPES = ['access_token', 'id_token', 'jwt'].map((name) => `urn:ietf:params:oauth:token-type:${name}`);
const ASSERTION_TYPES = ['jwt-bearer', 'jwt-spiffe'].map((name) => `urn:ietf:params:oauth:client-assertion-type:${name}`);
const FORM = 'application/x-www-form-urlencoded';

const { server, url } = await listen();
const prefix = options.issuer ?? '';
const issuer = url + prefix;
const platform = `${url}/platform`;
const actionsToken = randomBytes(24).toString('base64url');
const { publicKey, privateKey } = await generateKeyPair('ES256');
const key = { ...(await exportJWK(publicKey)), kid: 'platform-1', alg: 'ES256', use: 'sig' };
const stats = { token_requests: 0, exchanges: 0, revocations: 0, actions_requests: 0, assertions: [] };
const used = new Set();

function send(response, [status, body = ''], headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

async function read(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function sign({ aud = [issuer], sub = 'job:1', iss = platform, jti = randomUUID(), ttl = 600, nbf, noexp, pad = 0 }) {
  const now = Math.floor(Date.now() / 1000);
  const exp = now + Number(ttl);
  const times = { iat: Math.min(now, exp - 1), nbf: nbf && now + Number(nbf), exp: noexp ? '' : exp };
  const claims = { iss, sub, aud: aud.length > 1 ? aud : aud[0], jti, ...times, pad: 'x'.repeat(pad) };
  const given = Object.entries(claims).filter(([, value]) => value !== '' && value !== undefined);
  return new SignJWT(Object.fromEntries(given)).setProtectedHeader({ alg: 'ES256', kid: key.kid, typ: 'JWT' }).sign(privateKey);
}

const actionsFaults = {
  html: [200, '<html><body>Sign in</body></html>'],
  empty: [200],
  'no-value': [200, { count: 0 }],
  big: [200, { count: 1, value: 'x'.repeat(2 << 20) }],
  500: [500, { message: 'Internal Server Error' }],
};

// Who asks for no audience gets the repository owner's, as at GitHub.
async function actions(request, response, query) {
  const [audience = 'https://github.com/octo-org', ...others] = query.getAll('audience');
  const [scheme, token] = (request.headers.authorization ?? '').split(' ');
  const fault = options.actions_fault;
  stats.actions_requests += 1;
  stats.actions_last = { method: request.method, query: request.url.split('?')[1], accept: request.headers.accept };
  if (scheme.toLowerCase() !== 'bearer' || token !== actionsToken) return send(response, [401, { message: 'Unauthorized' }]);
  if (query.getAll('api-version').join() !== '2.0' || others.length) return send(response, [400, { message: 'Bad Request' }]);
  if (fault === 'hang') return undefined;
  if (fault) return send(response, actionsFaults[fault], fault === 'html' ? { 'content-type': 'text/html' } : {});
  return answerJson(response, { count: 1, value: await sign({ aud: [audience] }) });
}

const secretOf = (client) => client.secret ?? `${client.id}-${actionsToken}`;
const clients = options.clients ?? [{ id: 'm2m_todo', secret: 'test_secret' }, { id: 'job_todo', subject: 'job:1' }];
const resourceServer = () => ({ scope: SCOPES.join(' '), accessTokenTTL: options.ttl ?? 3600, accessTokenFormat: options.format ?? 'jwt' });
const clientOf = (id, secret) => ({
  client_id: id,
  client_secret: secret,
  token_endpoint_auth_method: secret ? 'client_secret_post' : 'none',
  grant_types: [JWT_BEARER, TOKEN_EXCHANGE, ...(secret ? ['client_credentials'] : [])],
  redirect_uris: [],
  response_types: [],
  scope: SCOPES.join(' '),
});

const provider = new Provider(issuer, {
  clients: [clientOf('platform'), ...clients.map((client) => clientOf(client.id, secretOf(client)))],
  clientAuthMethods: ['client_secret_post', 'client_secret_basic', 'private_key_jwt', 'none'],
  scopes: SCOPES,
  routes: { token: '/oauth/token', jwks: '/keys', revocation: '/oauth/revoke', introspection: '/introspect' },
  ttl: { ClientCredentials: () => options.ttl ?? 3600 },
  features: {
    ...Object.fromEntries(['clientCredentials', 'introspection', 'revocation'].map((name) => [name, { enabled: true }])),
    devInteractions: { enabled: false },
    resourceIndicators: { enabled: true, getResourceServerInfo: resourceServer },
  },
});

// Throws when the JWT is not the platform's, not for us, not valid now, or was here before. An SVID needs no iss.
async function verify(jwt, spiffe = false) {
  const requiredClaims = spiffe ? ['exp', 'sub'] : ['exp', 'sub', 'iss'];
  const { payload } = await jwtVerify(jwt, publicKey, { algorithms: ['ES256'], audience: options.audience ?? issuer, requiredClaims });
  if ((payload.iss ?? platform) !== platform) throw new Error('unexpected "iss" claim value');
  if (options.single_use && used.has(payload.jti ?? jwt)) throw new Error('the token was used before');
  used.add(payload.jti ?? jwt);
  return payload;
}

function refusal(error, why) {
  if (options.errors === 'anthropic') return [401, { error: { type: 'authentication_error', message: 'Authentication failed' } }];
  return [error === 'invalid_client' ? 401 : 400, { error, error_description: why }];
}

async function issue(ctx, jwt, more = {}) {
  const { client, params: { resource, scope } } = ctx.oidc;
  if (!jwt) throw new errors.InvalidRequest('there is no identity token');
  await verify(jwt).catch((error) => { throw new errors.InvalidGrant(error.message); });
  if (scope && !scope.split(' ').every((one) => SCOPES.includes(one))) throw new errors.InvalidScope('no such scope', scope);
  if (resource && !URL.canParse(resource)) throw new errors.InvalidTarget();
  const token = new provider.ClientCredentials({ client, scope });
  if (resource) token.resourceServer = new provider.ResourceServer(resource, resourceServer());
  ctx.oidc.entity('ClientCredentials', token);
  ctx.body = { access_token: await token.save(), expires_in: token.expiration, scope, token_type: token.tokenType, ...more };
}

function exchange(ctx) {
  const { subject_token: jwt, subject_token_type: type, requested_token_type: requested = TOKEN_TYPES[0] } = ctx.oidc.params;
  if (!TOKEN_TYPES.includes(type)) throw new errors.InvalidRequest('subject_token_type');
  if (requested !== TOKEN_TYPES[0]) throw new errors.InvalidRequest('requested_token_type');
  return issue(ctx, jwt, { issued_token_type: requested });
}

const exchanged = ['subject_token', 'subject_token_type', 'requested_token_type', 'audience', 'scope', 'resource'];
provider.registerGrantType(JWT_BEARER, (ctx) => issue(ctx, ctx.oidc.params.assertion), ['assertion', 'scope', 'resource']);
provider.registerGrantType(TOKEN_EXCHANGE, exchange, exchanged);
provider.on('grant.success', () => { stats.exchanges += 1; });
provider.on('server_error', (ctx, error) => console.error(error));
provider.on('grant.error', (ctx, error) => {
  if (error instanceof errors.InvalidGrant) [ctx.status, ctx.body] = refusal('invalid_grant', error.error_detail);
});
const callback = provider.callback();

function attempt(work) {
  try {
    return work();
  } catch {
    return undefined;
  }
}
const claimsOf = (value) => attempt(() => decodeJwt(value));

// Names and values as they came, so that what came twice is there twice; or undefined.
function parse(text, type) {
  if (type === FORM) return [...new URLSearchParams(text)];
  const object = attempt(() => JSON.parse(text));
  if (!object || Object.values(object).some((value) => typeof value !== 'string')) return undefined;
  const names = [...text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?/g)].filter((match) => match[2]).map((match) => JSON.parse(match[1]));
  return names.map((name) => [name, object[name]]);
}

function record({ headers }, pairs) {
  const parameters = {};
  for (const [name, value] of pairs) {
    const shown = claimsOf(value) ?? value;
    parameters[name] = name in parameters ? [parameters[name], shown].flat() : shown;
    if (shown === value) continue;
    const sha256 = createHash('sha256').update(value).digest('hex');
    const known = stats.assertions.find((one) => one.sha256 === sha256);
    if (known) known.times += 1;
    else stats.assertions.push({ sha256, times: 1 });
  }
  const { grant_type } = parameters;
  stats.last = { grant_type, content_type: headers['content-type'], parameters, authorization: headers.authorization !== undefined };
}

function fail(fault, response, pairs) {
  if (fault === 'hang') return undefined;
  if (fault === 'lost') pairs.forEach(([, value]) => used.add(claimsOf(value)?.jti ?? value));
  if (fault === 'close' || fault === 'lost') return response.destroy();
  const { status, headers, body } = typeof fault === 'object' ? fault : { status: Number(fault) };
  return send(response, [status, body], { ...(status === 429 ? { 'retry-after': 1 } : {}), ...headers });
}

// oidc-provider takes assertions only of clients that sign them themselves. So who has one of the platform's becomes the client that
// it is about, with that one's secret: the parameters for that, or throws.
async function asClient({ client_assertion: jwt, client_assertion_type: type, client_id: id, ...others }) {
  if (!ASSERTION_TYPES.includes(type)) throw new Error('client_assertion_type');
  if (options.client_id_rule === 'required' && !id) throw new Error('client_id is missing');
  if (options.client_id_rule === 'forbidden' && id) throw new Error('client_id must not be there');
  const { sub } = await verify(jwt, type === ASSERTION_TYPES[1]);
  const client = clients.find(({ subject }) => subject === sub);
  if (!client || (id && id !== client.id)) throw new Error('no such client');
  return { ...others, client_id: client.id, client_secret: secretOf(client) };
}

// Who shows an identity token alone has no client id, neither at Anthropic and OpenAI nor with MCP SEP-1933; but oidc-provider wants
// one, even of a client that does not authenticate: "platform" stands for whatever the platform runs.
function handOn(request, response, parameters) {
  const named = parameters.client_id || parameters.client_assertion || request.headers.authorization || options.anonymous === false;
  const more = named || parameters.grant_type === 'client_credentials' ? {} : { client_id: 'platform' };
  request.headers['content-type'] = FORM;
  request.body = stringify({ ...parameters, ...more });
  return callback(request, response);
}

async function token(request, response) {
  const type = (request.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
  const expected = options.json ? 'application/json' : FORM;
  const bad = (why, status = 400) => send(response, [status, { error: 'invalid_request', error_description: why }]);
  stats.token_requests += 1;
  const pairs = parse(await read(request), type);
  record(request, pairs ?? []);
  const fault = options.fail?.shift() ?? 'ok';
  if (fault !== 'ok') return fail(fault, response, pairs ?? []);
  await new Promise((resolve) => { setTimeout(resolve, options.delay ?? 0); });

  if (type !== expected) return bad(`the body must be ${expected}`, 415);
  if (!pairs) return bad('the body is not an object of strings');
  const parameters = Object.fromEntries(pairs);
  const asserted = parameters.client_assertion !== undefined;
  const error = asserted ? 'invalid_client' : 'invalid_grant';
  const missing = options.required_params?.find((name) => !parameters[name]);
  if (Object.keys(parameters).length < pairs.length) return bad('a parameter is there twice');
  if (asserted && (parameters.client_secret || request.headers.authorization)) return bad('more than one client authentication');
  if (missing) return send(response, refusal(error, `${missing} is missing`));
  try {
    return handOn(request, response, asserted ? await asClient(parameters) : parameters);
  } catch (reason) {
    return send(response, refusal(error, reason.message));
  }
}

async function answer(request, response) {
  const { pathname, searchParams: query } = new URL(request.url, url);
  if (pathname === '/__stats') return answerJson(response, stats);
  if (pathname === '/__set') return answerJson(response, Object.assign(options, JSON.parse(await read(request))));
  if (pathname === '/platform/jwks') return answerJson(response, { keys: [key] });
  if (pathname === '/actions/id-token') return actions(request, response, query);
  if (pathname === '/platform/token') {
    const jwt = await sign({ ...Object.fromEntries(query), aud: query.has('aud') ? query.getAll('aud') : undefined });
    return send(response, [200, jwt], { 'content-type': 'text/plain' });
  }
  if (prefix && request.url.startsWith(prefix)) {
    request.originalUrl = request.url;
    request.url = request.url.slice(prefix.length) || '/';
  }
  if (request.method === 'POST' && request.url.startsWith('/oauth/token')) return token(request, response);
  if (request.method !== 'POST' || !request.url.startsWith('/oauth/revoke')) return callback(request, response);
  stats.revocations += 1;
  return handOn(request, response, Object.fromEntries(parse(await read(request), FORM)));
}

server.on('request', (request, response) => answer(request, response).catch((error) => {
  console.error(error);
  response.destroy();
}));
const urls = { platform_token_url: `${platform}/token`, actions_url: `${url}/actions/id-token?api-version=2.0` };
sayReady({ url, issuer, token_endpoint: `${issuer}/oauth/token`, platform_issuer: platform, ...urls, actions_token: actionsToken });

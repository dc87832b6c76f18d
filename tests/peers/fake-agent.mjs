// SPDX-License-Identifier: MIT
// An ssh-agent that has one key and signs with it, but for one fault that a real agent does not show.
//   node fake-agent.mjs READY-FILE '{"socket":PATH,"log":FILE,"key":"ed25519|ec|rsa|fido","at":"list|sign","behaviour":NAME}'
// The fault is in its answers to one kind of request, "at"; the other kind it answers as it should. What it was asked is in the log: a line
// "list", or "sign FLAGS DATA". READY-FILE has the key's fingerprint.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { options, sayReady } from './serve.mjs';

const LIST = 11, KEYS = 12, SIGN = 13, SIGNATURE = 14, REFUSED = 5;

const uint32 = (number) => { const bytes = Buffer.alloc(4); bytes.writeUInt32BE(number); return bytes; };
const string = (bytes) => Buffer.concat([uint32(Buffer.byteLength(bytes)), Buffer.from(bytes)]);
function mpint(bytes) {
  const first = bytes.findIndex((byte) => byte !== 0);
  const shortest = first < 0 ? Buffer.alloc(0) : bytes.subarray(first);
  return string(shortest[0] >= 0x80 ? Buffer.concat([Buffer.alloc(1), shortest]) : shortest);
}
const message = (type, ...parts) => Buffer.concat([Buffer.from([type]), ...parts]);
const frame = string;

// what each type of key has of its own: the public key as SSH has it, and a signature
const types = {
  ed25519: {
    make: () => generateKeyPairSync('ed25519'),
    blob: (jwk) => [string('ssh-ed25519'), string(Buffer.from(jwk.x, 'base64url'))],
    sign: (key, data) => [string('ssh-ed25519'), string(sign(null, data, key))],
  },
  ec: {
    make: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    blob: (jwk) => [string('ecdsa-sha2-nistp256'), string('nistp256'),
      string(Buffer.concat([Buffer.from([4]), Buffer.from(jwk.x, 'base64url'), Buffer.from(jwk.y, 'base64url')]))],
    sign(key, data) {
      let both;
      // each of the two numbers is shorter than its field once in 256 times; "short-r" and "short-s": always
      do both = sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' });
      while ((options.behaviour === 'short-r' && both[0] !== 0) || (options.behaviour === 'short-s' && both[32] !== 0));
      return [string('ecdsa-sha2-nistp256'), string(Buffer.concat([mpint(both.subarray(0, 32)), mpint(both.subarray(32))]))];
    },
  },
  rsa: {
    make: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
    blob: (jwk) => [string('ssh-rsa'), mpint(Buffer.from(jwk.e, 'base64url')), mpint(Buffer.from(jwk.n, 'base64url'))],
    sign(key, data, flags) {
      const hash = options.behaviour === 'sha1' ? 'sha1' : flags & 4 ? 'sha512' : flags & 2 ? 'sha256' : 'sha1';
      const names = { sha1: 'ssh-rsa', sha256: 'rsa-sha2-256', sha512: 'rsa-sha2-512' };
      return [string(names[hash]), string(sign(hash, data, key))];
    },
  },
  // its signature is of more than the data, so that no JWS comes of it
  fido: {
    make: () => generateKeyPairSync('ed25519'),
    blob: (jwk) => [string('sk-ssh-ed25519@openssh.com'), string(Buffer.from(jwk.x, 'base64url')), string('ssh:')],
    sign(key, data) {
      const hash = (bytes) => createHash('sha256').update(bytes).digest();
      const present = Buffer.concat([Buffer.from([1]), uint32(7)]);
      const signed = Buffer.concat([hash('ssh:'), present, hash(data)]);
      return [string('sk-ssh-ed25519@openssh.com'), string(sign(null, signed, key)), present];
    },
  },
};

const type = types[options.key];
const { publicKey, privateKey } = type.make();
const blob = Buffer.concat(type.blob(publicKey.export({ format: 'jwk' })));

// what a fault makes of an answer; a name that is not here changes none (sha1, short-r, short-s)
const faults = {
  huge: (socket) => socket.write(uint32(0xffffffff)),
  large: (socket) => socket.write(frame(Buffer.alloc(1 << 24, KEYS))),
  empty: (socket) => socket.write(uint32(0)),
  truncated: (socket, body) => socket.end(frame(body).subarray(0, body.length / 2)),
  stalls: (socket, body) => socket.write(frame(body).subarray(0, body.length / 2)),
  silent: () => {},
  closes: (socket) => socket.destroy(),
  slow(socket, body) {
    const bytes = frame(body);
    let sent = 0;
    const timer = setInterval(() => (sent < bytes.length && socket.writable ? socket.write(bytes.subarray(sent, ++sent)) : clearInterval(timer)), 200);
  },
  // what it should be, but for what it says that it is
  'other-kind': (socket, body) => socket.write(frame(message(99, body.subarray(1)))),
  unknown: (socket) => socket.write(frame(message(99))),
  refuses: (socket) => socket.write(frame(message(REFUSED))),
  garbage: (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
  // of the right type, and then anything
  noise: (socket, body) => socket.write(frame(message(body[0], randomBytes(body.length - 1)))),
  // a string that says it is longer than what it is in
  overlong: (socket, body) => socket.write(frame(message(body[0], ...(body[0] === KEYS ? [uint32(1)] : []), uint32(0x7fffffff), body.subarray(9)))),
  trailing: (socket, body) => socket.write(frame(Buffer.concat([body, Buffer.from('more')]))),
  // in the place of a signature: one by another key, and one that is too short
  'other-key': (socket, body, data, flags) => socket.write(frame(message(body[0], string(Buffer.concat(type.sign(type.make().privateKey, data, flags)))))),
  short: (socket, body) => socket.write(frame(message(body[0], string(Buffer.concat([body.subarray(5, 9 + body.readUInt32BE(5)), string('short')]))))),
};

function answer(socket, request) {
  let kind = 'list', data, flags;
  let body = message(KEYS, uint32(1), string(blob), string('fake'));
  if (request[0] === SIGN) {
    kind = 'sign';
    const start = 5 + request.readUInt32BE(1);
    data = request.subarray(start + 4, start + 4 + request.readUInt32BE(start));
    flags = request.readUInt32BE(request.length - 4);
    body = message(SIGNATURE, string(Buffer.concat(type.sign(privateKey, data, flags))));
  } else if (request[0] !== LIST) {
    return void socket.write(frame(message(REFUSED)));
  }
  appendFileSync(options.log, kind === 'list' ? 'list\n' : `sign ${flags} ${data}\n`);
  const fault = options.at === kind && faults[options.behaviour];
  if (fault) fault(socket, body, data, flags);
  else socket.write(frame(body));
}

const known = [...Object.keys(faults), 'sha1', 'short-r', 'short-s', 'none'];
if (!known.includes(options.behaviour)) throw new Error(`no behaviour ${options.behaviour}; there are ${known.join(', ')}`);
createServer((socket) => {
  let received = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (more) => {
    received = Buffer.concat([received, more]);
    while (received.length >= 4 && received.length >= 4 + received.readUInt32BE(0)) {
      const length = received.readUInt32BE(0);
      answer(socket, received.subarray(4, 4 + length));
      received = received.subarray(4 + length);
    }
  });
}).listen(options.socket, () => sayReady({ fingerprint: `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}` }));

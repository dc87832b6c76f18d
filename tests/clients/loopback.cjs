// SPDX-License-Identifier: MIT
// node --require loopback.cjs PROGRAM: its server listens on this machine's loopback alone, whatever it asks for, and the port that it
// got is written to the file PORT_FILE. COUNT_FILE gets the method of each request, a line each.
const http = require('node:http');
const net = require('node:net');
const { appendFileSync, renameSync, writeFileSync } = require('node:fs');

if (process.env.COUNT_FILE) {
  const { emit } = http.Server.prototype;
  http.Server.prototype.emit = function emitAndCount(name, ...args) {
    if (name === 'request') appendFileSync(process.env.COUNT_FILE, `${args[0].method} ${args[0].url}\n`);
    return emit.call(this, name, ...args);
  };
}

const { listen } = net.Server.prototype;
net.Server.prototype.listen = function listenOnLoopback(...args) {
  if (typeof args[0] === 'object' && args[0] !== null && 'port' in args[0]) args[0] = { ...args[0], host: '127.0.0.1' };
  else if (/^\d+$/.test(args[0])) args.splice(1, typeof args[1] === 'string' ? 1 : 0, '127.0.0.1');
  this.once('listening', () => {
    const { PORT_FILE } = process.env;
    if (!PORT_FILE || typeof this.address() !== 'object') return;
    writeFileSync(`${PORT_FILE}.new`, `${this.address().port}\n`);
    renameSync(`${PORT_FILE}.new`, PORT_FILE);
  });
  return listen.apply(this, args);
};

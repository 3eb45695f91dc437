import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { listenOnLoopback } from '../../../local/loopback-server.ts';
import { freePort } from './machine.ts';

test('a free port is one that the system gives to no connection and to no server on any free port', async () => {
  const server = await listenOnLoopback(createServer());
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  const given = Math.min(server.port, socket.localPort ?? 0);
  socket.destroy();
  await server.close();
  const port = await freePort();
  expect(port).toBeLessThan(32_768);
  expect(given).toBeGreaterThan(23_999);
  const listener = await listenOnLoopback(createServer(), port);
  expect(listener.port).toBe(port);
  await listener.close();
});

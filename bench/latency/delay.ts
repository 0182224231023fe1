// A server one has to wait for: hands on what it gets, what clients say only after DELAY_MS. `delay.ts TARGET_PORT DELAY_MS`. It
// prints its port. A request without a body comes in one piece, so that each of them is delayed once; answers are not.

import { connect, createServer } from 'node:net';

const [port = 0, delayMs = 0] = process.argv.slice(2).map(Number);

const server = createServer((client) => {
  const target = connect(port, '127.0.0.1');
  client.setNoDelay();
  target.setNoDelay();
  client.on('data', (request) => setTimeout(() => target.write(request), delayMs));
  target.pipe(client);
  client.on('close', () => target.destroy());
  target.on('close', () => client.destroy());
  for (const socket of [client, target]) socket.on('error', () => {});
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' && address ? address.port : ''}\n`);
});

import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingMessage,
  type ServerResponse,
  request as startRequest,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../random.ts';

/** What may happen to a request on its way to the server and back. */
export const FAULTS = [
  'status', // 429, 500 or 503; the server sees nothing
  'reset-before', // the connection breaks before the server sees anything
  'reset-after', // ... after the server has done its work: its answer is lost
  'swallow', // the server does its work, and no answer ever comes
  'hang', // nothing happens at all
  'cut-request', // the connection breaks in the middle of the request's body
  'cut-response', // ... in the middle of the answer's body
  'delay', // the answer comes late
  'flip', // one byte of the object changes on its way (only objects: on a real network TLS guards all, here nothing does)
] as const;
export type Fault = (typeof FAULTS)[number];

export type FaultProxy = {
  url: string;
  /** How many requests came, and what happened to them. */
  counts: Record<Fault | 'requests', number>;
  /** Share of the requests that are hurt, from 0 to 1, from now on. */
  setShare(share: number): void;
  close(): Promise<void>;
};

/** An HTTP proxy in front of `target` (`http://127.0.0.1:PORT`) that hurts requests as the seed says. */
export async function startFaultProxy(
  target: string,
  { seed = 1, share = 0, faults = FAULTS }: { seed?: number; share?: number; faults?: readonly Fault[] } = {},
): Promise<FaultProxy> {
  const random = seededRandom(seed);
  const agent = new Agent({ keepAlive: true });
  const counts = {
    requests: 0,
    ...Object.fromEntries(FAULTS.map((fault) => [fault, 0])),
  } as FaultProxy['counts'];
  let presentShare = share;
  const server = createServer((request, response) => {
    counts.requests++;
    const fitting = faults.filter((fault) => fits(fault, request));
    const fault = random() < presentShare ? fitting[Math.floor(random() * fitting.length)] : undefined;
    if (fault) counts[fault]++;
    const broken = (): void => void request.socket.destroy();
    pass({ target, agent, random, request, response, fault }).catch(broken);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a server that listens on a port has one
  return {
    url: `http://127.0.0.1:${port}`,
    counts,
    setShare: (next) => {
      presentShare = next;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      agent.destroy();
    },
  };
}

type Passage = {
  target: string;
  agent: Agent;
  random: () => number;
  request: IncomingMessage;
  response: ServerResponse;
  fault: Fault | undefined;
};

const hasBody = (request: IncomingMessage): boolean => request.method === 'POST' || request.method === 'PUT';
const isDownload = (request: IncomingMessage): boolean => /[?&]alt=media/.test(request.url ?? '');

/** A flipped byte of a range is not looked for: a range has no checksum. */
function fits(fault: Fault, request: IncomingMessage): boolean {
  const isUpload = hasBody(request) && /uploadType=multipart|upload_id=/.test(request.url ?? '');
  if (fault === 'cut-request') return hasBody(request);
  if (fault === 'cut-response') return isDownload(request);
  if (fault === 'flip') return isUpload || (isDownload(request) && request.headers.range === undefined);
  return true;
}

async function pass(passage: Passage): Promise<void> {
  const { request, response, fault, random } = passage;
  if (fault === 'hang') return;
  if (fault === 'status') return refuse(passage);
  if (fault === 'reset-before') return void request.socket.resetAndDestroy();
  const answer = await forward(passage);
  if (fault === 'reset-after' || fault === 'swallow') {
    await buffer(answer);
    if (fault === 'reset-after') request.socket.resetAndDestroy();
    return;
  }
  if (fault === 'delay') await sleep(random() * 50);
  if (await isOtherGeneration(passage, answer)) return answerError(response, 412);
  const { statusCode = 502, headers } = answer;
  if (fault !== 'cut-response' && fault !== 'flip') {
    response.writeHead(statusCode, headers);
    answer.pipe(response);
    return;
  }
  const body = await buffer(answer);
  response.writeHead(statusCode, headers);
  if (fault === 'flip' && isDownload(request))
    return void response.end(flipped(body, 0, body.length, random));
  if (fault === 'flip') return void response.end(body);
  response.write(body.subarray(0, Math.floor(random() * body.length)), () =>
    request.socket.resetAndDestroy(),
  );
}

async function refuse({ request, response, random }: Passage): Promise<void> {
  await buffer(request);
  answerError(response, [429, 500, 503][Math.floor(random() * 3)] ?? 503);
}

function answerError(response: ServerResponse, code: number): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { code, message: 'said by the fault proxy', errors: [] } }));
}

async function forward({ target, agent, random, request, fault }: Passage): Promise<IncomingMessage> {
  const onward = startRequest(target + withGeneration(request), {
    agent,
    method: request.method,
    headers: request.headers,
  });
  const answered = once(onward, 'response') as Promise<[IncomingMessage]>;
  answered.catch(() => {}); // seen where it is awaited
  if (fault === 'cut-request') {
    const body = await buffer(request);
    onward.write(body.subarray(0, Math.floor(random() * body.length)), () => onward.destroy());
    throw new Error('cut');
  }
  if (fault === 'flip' && hasBody(request)) {
    const body = await buffer(request);
    onward.end(flipped(body, ...mediaOf(request, body), random));
  } else request.pipe(onward);
  return (await answered)[0];
}

/** The emulator does not look at ifGenerationMatch when it deletes, but at the generation. */
function withGeneration({ method, url = '' }: IncomingMessage): string {
  const generation = conditionOf(method, url);
  return generation === undefined ? url : `${url}&generation=${generation}`;
}

/** ... and takes another generation for no object, where the real server says that the condition does not hold. */
async function isOtherGeneration({ target, request }: Passage, answer: IncomingMessage): Promise<boolean> {
  const { method, url = '' } = request;
  if (answer.statusCode !== 404 || conditionOf(method, url) === undefined) return false;
  return (await fetch(target + url.replace(/\?.*/, ''))).ok;
}

function conditionOf(method: string | undefined, url: string): string | undefined {
  return method === 'DELETE' ? /[?&]ifGenerationMatch=(\d+)/.exec(url)?.[1] : undefined;
}

/** Where the object lies in the body of an upload: behind the second part's header, if it has parts. */
function mediaOf(request: IncomingMessage, body: Buffer): [number, number] {
  if (!/uploadType=multipart/.test(request.url ?? '')) return [0, body.length];
  const secondPart = body.indexOf('\r\n--', body.indexOf('\r\n\r\n'));
  return [body.indexOf('\r\n\r\n', secondPart) + 4, body.lastIndexOf('\r\n--')];
}

function flipped(body: Buffer, start: number, end: number, random: () => number): Buffer {
  const copy = Buffer.from(body);
  const at = start + Math.floor(random() * (end - start));
  if (end > start) copy[at] = (copy[at] ?? 0) ^ 0x10;
  return copy;
}

import type { Clock } from '../../shared/time.ts';
import type { HttpAnswer } from '../rest/http.ts';
import type { Connection } from '../socket/connection.ts';
import type { Frame } from '../source/source.ts';
import { damaged, skewed } from './damage.ts';
import type { Faults } from './faults.ts';
import { type FaultKind, isFaultKind, type PlannedFault } from './kinds.ts';

/** Asked for with `?kind=...`, a fault happens at once. */
export const FAULT_PATH = '/simulator/fault';

/** Planned faults that became due while nobody listened must not strike all at once. */
const MIN_APART_MS = 1_000;
const DELAY_MS = 2_000;
const SKEWED_FRAMES = 200;
const MAX_SKEW_MS = 2_000;
const REORDERED_FRAMES = 5;
const GOING_AWAY = 1001;

export type FaultyOptions = { random: () => number; wall: Clock; plan?: readonly PlannedFault[] };

/** A stage that makes things go wrong, by plan and by command, and what has happened so far. */
export type FaultyStage = { faults: Faults; cause(kind: FaultKind): void; caused: FaultKind[] };

/** What is wrong with one connection. */
type Trouble = {
  isSilent: boolean;
  silentStreams: Set<string>;
  held: { until: 'time' | number; texts: string[] } | undefined;
  skew: { byMs: number; frames: number } | undefined;
};

/** A fault strikes a random connection, a frame's the next frame that is sent. Refused is the next handshake. */
export function createFaultyStage({ random, wall, plan = [] }: FaultyOptions): FaultyStage {
  const troubles = new Map<Connection, Trouble>();
  const nextFrame: FaultKind[] = [];
  let nextRefusal: HttpAnswer | undefined;
  const caused: FaultKind[] = [];
  let isNextMute = false;
  let planned = 0;
  let nextStrikeMs = 0;

  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
  const openOnes = (): Connection[] => [...troubles.keys()].filter(({ isOpen }) => isOpen);

  function cause(kind: FaultKind): void {
    caused.push(kind);
    const connection = pick(openOnes());
    const trouble = connection && troubles.get(connection);
    if (kind.startsWith('refuse-')) {
      nextRefusal = refusal(Number(kind.slice('refuse-'.length)));
      connection?.reset();
    } else if (kind === 'wrong-route') {
      isNextMute = true;
      connection?.reset();
    } else if (kind === 'day-end') {
      for (const open of openOnes()) open.close(GOING_AWAY, '24 hours are over');
    } else if (!connection || !trouble) nextFrame.push(kind);
    else if (kind === 'close') connection.close(GOING_AWAY, 'closed by the simulator');
    else if (kind === 'reset') connection.reset();
    else if (kind === 'silence-connection') trouble.isSilent = true;
    else if (kind === 'silence-stream') trouble.silentStreams.add(pick([...connection.streams]) ?? '');
    else if (kind === 'delay') hold(connection, trouble);
    else if (kind === 'reorder') trouble.held ??= { until: REORDERED_FRAMES, texts: [] };
    else if (kind === 'skew')
      trouble.skew = { byMs: Math.round((2 * random() - 1) * MAX_SKEW_MS), frames: SKEWED_FRAMES };
    else nextFrame.push(kind);
  }

  function hold(connection: Connection, trouble: Trouble): void {
    if (trouble.held) return;
    trouble.held = { until: 'time', texts: [] };
    void wall.sleep(DELAY_MS).then(() => release(connection, trouble));
  }

  function release(connection: Connection, trouble: Trouble): void {
    for (const text of trouble.held?.texts ?? []) connection.send(text);
    trouble.held = undefined;
  }

  function onFrame({ stream, atMs, text }: Frame, connection: Connection): void {
    const next = plan[planned];
    if (next && next.atMs <= atMs && wall.now() >= nextStrikeMs) {
      planned++;
      nextStrikeMs = wall.now() + MIN_APART_MS;
      cause(next.kind);
    }
    const trouble = troubles.get(connection);
    if (!trouble || trouble.isSilent || trouble.silentStreams.has(stream)) return;
    const told = trouble.skew ? skewed(text, trouble.skew.byMs) : text;
    if (trouble.skew && --trouble.skew.frames === 0) trouble.skew = undefined;
    if (trouble.held) {
      trouble.held.texts.push(told);
      if (trouble.held.until !== trouble.held.texts.length) return;
      trouble.held.texts.sort(() => random() - 0.5);
      release(connection, trouble);
      return;
    }
    const kind = nextFrame.shift();
    for (const payload of (kind && damaged(kind, told, random)) ?? [told]) connection.send(payload);
  }

  return {
    caused,
    cause,
    faults: {
      onHandshake() {
        const refused = nextRefusal;
        nextRefusal = undefined;
        return refused;
      },
      onConnection(connection) {
        troubles.set(connection, {
          isSilent: isNextMute,
          silentStreams: new Set(),
          held: undefined,
          skew: undefined,
        });
        isNextMute = false;
        for (const known of troubles.keys()) if (!known.isOpen) troubles.delete(known);
      },
      onFrame,
      onAnswer({ path, query }, answer) {
        if (path !== FAULT_PATH) return answer;
        const kind = query.get('kind') ?? '';
        if (!isFaultKind(kind)) return { status: 400, headers: {}, body: `unknown fault ${kind}\n` };
        cause(kind);
        return { status: 200, headers: {}, body: `${kind}\n` };
      },
    },
  };
}

function refusal(status: number): HttpAnswer {
  const headers = status === 429 || status === 418 ? { 'retry-after': '2' } : undefined;
  return { status, headers: headers ?? {}, body: `refused with ${status}` };
}

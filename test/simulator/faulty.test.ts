import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../../shared/time.ts';
import { startExchange } from '../../simulator/exchange.ts';
import { damaged, skewed } from '../../simulator/faulty/damage.ts';
import { FAULT_KINDS, planFaults } from '../../simulator/faulty/kinds.ts';
import { createFaultyStage, FAULT_PATH } from '../../simulator/faulty/stage.ts';
import { createMarket } from '../../simulator/market/market.ts';
import { createRandom } from '../../simulator/market/random.ts';
import { connect } from './client.ts';

const FRAME =
  '{"stream":"a@aggTrade","data":{"e":"aggTrade","E":100,"a":7,"s":"A","p":"1.0","T":99,"m":true}}';
const of = (kind: (typeof FAULT_KINDS)[number]) => [...(damaged(kind, FRAME, createRandom(1)) ?? [])];

describe('planned faults', () => {
  it('are the same for a seed, in order, within the time', () => {
    const span = { startMs: 1_000, endMs: 2_000 };
    const plan = planFaults(span, FAULT_KINDS, 200, createRandom(5));
    expect(planFaults(span, FAULT_KINDS, 200, createRandom(5))).toEqual(plan);
    expect(planFaults(span, FAULT_KINDS, 200, createRandom(6))).not.toEqual(plan);
    const times = plan.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.every((atMs) => atMs >= 1_000 && atMs < 2_000)).toBe(true);
    expect(new Set(plan.map(({ kind }) => kind)).size).toBe(FAULT_KINDS.length);
  });
});

describe('a damaged frame', () => {
  it('is what its fault says', () => {
    expect(of('duplicate')).toEqual([FRAME, FRAME]);
    expect(of('gap')).toEqual([]);
    expect(FRAME.startsWith(String(of('cut')[0]))).toBe(true);
    expect(() => JSON.parse(String(of('not-json')[0]))).toThrow();
    expect(of('unknown-type')[0]).toContain('"e":"surprise"');
    expect(of('binary')[0]).toBeInstanceOf(Uint8Array);
    expect(of('huge')[0]?.length).toBe(100 * 1_048_576);
    expect(Object.keys(JSON.parse(String(of('missing-keys')[0])).data)).toHaveLength(6);
    expect(JSON.parse(String(of('new-keys')[0])).data).toMatchObject({ a: 7, T: 99, é: null });
    expect(damaged('close', FRAME, createRandom(1))).toBeUndefined();
  });

  it('may be one of 50,000 with ids of their own', () => {
    const ids = of('burst').map((text) => JSON.parse(String(text)).data.a);
    expect(ids).toHaveLength(50_000);
    expect([ids[0], ids.at(-1)]).toEqual([7, 50_006]);
  });

  it('may tell other times', () => {
    expect(JSON.parse(skewed(FRAME, -50)).data).toMatchObject({ E: 50, T: 49, a: 7 });
  });
});

describe('faults by command', () => {
  const market = { seed: 1, symbols: ['A'], tradesPerSecond: 5, depthEveryMs: 100 };
  const startMs = Date.parse('2024-07-18T12:00:00Z');

  async function exchange() {
    const source = createMarket({ ...market, startMs, endMs: startMs + 2_000 });
    const stage = createFaultyStage({ random: createRandom(1), wall: systemClock });
    return { stage, exchange: await startExchange({ source, speed: 'max', faults: stage.faults }) };
  }

  it('refuse the next handshake', async () => {
    const { exchange: it, stage } = await exchange();
    try {
      const cause = (kind: string) => fetch(`${it.url}${FAULT_PATH}?kind=${kind}`);
      expect((await cause('refuse-418')).status).toBe(200);
      expect((await cause('nonsense')).status).toBe(400);
      expect(stage.caused).toEqual(['refuse-418']);
      await expect(connect(`${it.wsUrl}/public/stream`)).rejects.toThrow('418');
      const { socket } = await connect(`${it.wsUrl}/public/stream`);
      socket.terminate();
    } finally {
      await it.close();
    }
  });

  it('silence one connection and leave the other alone', async () => {
    const { exchange: it, stage } = await exchange();
    try {
      const first = await connect(`${it.wsUrl}/public/stream?streams=a@depth20@100ms`);
      stage.cause('silence-connection');
      const second = await connect(`${it.wsUrl}/public/stream?streams=a@depth20@100ms`);
      const third = await connect(`${it.wsUrl}/market/stream?streams=a@aggTrade`);
      await it.ended;
      expect(first.frames).toEqual([]);
      expect(second.frames).toHaveLength(20);
      for (const { socket } of [first, second, third]) socket.terminate();
    } finally {
      await it.close();
    }
  });
});

import { UsageError } from '../shared/errors.ts';
import { runCommand } from '../shared/program/main.ts';
import { isoMillisecond, systemClock } from '../shared/time.ts';
import { startExchange } from './exchange.ts';
import { FAULT_KINDS, planFaults } from './faulty/kinds.ts';
import { createFaultyStage } from './faulty/stage.ts';
import { createMarket, wholeDays } from './market/market.ts';
import { createRandom } from './market/random.ts';
import { openReplay } from './recording/replay.ts';
import { SIMULATE, type SimulatorSettings } from './settings.ts';
import type { Source } from './source/source.ts';

await runCommand(SIMULATE, async (settings) => {
  const { speed, port, waitStreams, clock } = settings;
  const source = openSource(settings);
  const random = createRandom(settings.faultsSeed);
  const plan = planFaults(source, FAULT_KINDS, settings.faults, random);
  const exchange = await startExchange({
    source,
    speed,
    port,
    faults: createFaultyStage({ random, wall: systemClock, plan }).faults,
    ...(waitStreams === undefined ? {} : { waitStreams }),
    ...(clock === undefined ? {} : { clockMs: clock }),
  });
  process.stdout.write(`listening ${exchange.url} ${exchange.wsUrl}\n`);
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  void stopped.then(() => exchange.close());
  const { frames, lastMs, isComplete } = await exchange.ended;
  if (!isComplete) return 0;
  process.stdout.write(`ended ${frames} frames, the last at ${isoMillisecond(lastMs)}\n`);
  if (settings.thenClose) {
    await exchange.closeConnections();
    await exchange.close();
  } else await stopped;
  return 0;
});

function openSource(settings: SimulatorSettings): Source {
  const { replay, market, symbols, date, days, seed, depthMs, tradesPerSecond } = settings;
  if (replay && market) throw new UsageError('what to play: give either --replay FILE[,FILE] or --market');
  if (replay) return openReplay(replay);
  return createMarket({ seed, symbols, ...wholeDays(date, days), depthEveryMs: depthMs, tradesPerSecond });
}

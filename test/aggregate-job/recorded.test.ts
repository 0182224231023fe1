import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Manifest } from '../../shared/lake/manifest.ts';
import { writeRows } from './chunks.ts';
import { bars, build, digests, type Lake, openLake } from './lake.ts';
import { hasRecordings, recordedKlines, recordedRows } from './recording.ts';

const DAYS = ['2024-07-18', '2024-07-19'];
/** Name in the dump of klines, and in the daily files. */
const COLUMNS = [
  ['open', 'open'],
  ['high', 'high'],
  ['low', 'low'],
  ['close', 'close'],
  ['volume', 'vol_total'],
  ['quote_volume', 'quote_vol_total'],
  ['count', 'trade_count'],
  ['taker_buy_volume', 'vol_buy'],
  ['taker_buy_quote_volume', 'quote_vol_buy'],
] as const;
const KLINE_FIELDS =
  'open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume'.split(
    ',',
  );

const titled = hasRecordings ? describe : describe.skip;

titled(
  `the recorded minutes around a midnight${hasRecordings ? '' : ' (skipped: no recordings in ../shared/data)'}`,
  () => {
    let lake: Lake;
    const manifests = new Map<string, Manifest>();

    beforeAll(async () => {
      lake = await openLake();
      for (const [symbol, file] of [
        ['BTCUSDT', 'btcusdt-20240718T2357.jsonl.gz'],
        ['ETHUSDT', 'ethusdt-20240718T2357.jsonl.gz'],
      ] as const)
        await writeRows(lake.store, symbol, 'recorder-0123456789abcdef', recordedRows(file));
      const resolutions = [
        { name: '1s', seconds: 1 },
        { name: '1m', seconds: 60 },
      ];
      for (const date of DAYS)
        for (const symbol of ['BTCUSDT', 'ETHUSDT'])
          manifests.set(`${symbol} ${date}`, await build(lake, { symbol, date, resolutions }));
    });
    afterAll(() => lake.remove());

    it('give the exchange’s klines of the 7 whole minutes, exactly, on nine fields', async () => {
      const rows = new Map(
        (await Promise.all(DAYS.map((date) => bars(lake, date))))
          .flat()
          .map((bar) => [bar['timestamp'], bar]),
      );
      const klines = recordedKlines('BTCUSDT-1m-20240718T2358-20240719T0004.csv');
      expect(klines).toHaveLength(7);
      for (const fields of klines) {
        const kline = Object.fromEntries(KLINE_FIELDS.map((name, i) => [name, fields[i] ?? '']));
        const bar = rows.get(new Date(Number(kline['open_time'])).toISOString().replace('.000', ''));
        for (const [theirs, ours] of COLUMNS)
          expect([ours, value(bar?.[ours])]).toEqual([ours, value(kline[theirs])]);
      }
    });

    it('are proven from their first to their last trade, midnight included', () => {
      const [first, second] = DAYS.map((date) => manifests.get(`BTCUSDT ${date}`));
      expect(first?.trades.missing).toEqual([]);
      expect(first?.trades.expected_last_id).toBe(first?.trades.last_id);
      expect(second?.trades.expected_first_id).toBe(second?.trades.first_id);
      expect(second?.trades.first_id).toBe((first?.trades.last_id ?? 0) + 1);
      expect(second?.seed).toEqual({ close: first?.close, source: 'manifest' });
      expect(first?.rejected.count).toBe(0);
    });

    it('give the daily files they always gave', async () => {
      const files = Object.entries(await digests(lake, 'aggregated/')).filter(([name]) =>
        name.endsWith('.csv'),
      );
      expect(files.map(([name, digest]) => `${digest.slice(0, 16)} ${name}`)).toMatchInlineSnapshot(`
[
  "b8896d9ceb5f0bbe aggregated/BTCUSDT/2024-07-18_1m.csv",
  "9db80af6b26694a6 aggregated/BTCUSDT/2024-07-18_1s.csv",
  "44df504b00d52d89 aggregated/BTCUSDT/2024-07-19_1m.csv",
  "75fe70281b338ee6 aggregated/BTCUSDT/2024-07-19_1s.csv",
  "550bd4fc1d73b5f2 aggregated/ETHUSDT/2024-07-18_1m.csv",
  "d18ccd0011583b5a aggregated/ETHUSDT/2024-07-18_1s.csv",
  "500c61f24f7a0b06 aggregated/ETHUSDT/2024-07-19_1m.csv",
  "f35c89dbe4b20d87 aggregated/ETHUSDT/2024-07-19_1s.csv",
]
`);
    });
  },
);

/** Decimal text without trailing zeros, so that two spellings of a number are one. */
const value = (text: string | undefined): string =>
  (text ?? '').replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');

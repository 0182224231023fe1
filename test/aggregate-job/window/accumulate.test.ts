import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pushTrade, tradeRows } from '../../../aggregate-job/rows/trade-rows.ts';
import { addTrades } from '../../../aggregate-job/window/accumulate.ts';
import { emptyBars } from '../../../shared/bars/bars.ts';
import { setAt, valueAt } from '../../../shared/bars/integers.ts';

const SECONDS = 3;
const LARGEST_ID = 999_999_999_999_999;
const units = fc.oneof(fc.bigInt({ min: 1n, max: 1_000n }), fc.bigInt({ min: 1n, max: 2n ** 53n - 1n }));
const trade = fc.record({
  time: fc.nat(SECONDS * 1_000 - 1),
  price: units,
  quantity: fc.oneof(fc.constant(0n), units),
  maker: fc.boolean(),
  executions: fc.oneof(fc.nat(3), fc.integer({ min: LARGEST_ID - 10, max: LARGEST_ID - 1 })),
});

const busySecond = fc.array(
  trade.map((one) => ({
    ...one,
    price: 1n,
    quantity: 2n,
    executions: LARGEST_ID - 1,
    time: one.time % 1_000,
  })),
  { minLength: 9, maxLength: 12 },
);

describe('trades added to bars', () => {
  it('sum up exactly, in whatever order their times come and however large the sums grow', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.array(trade, { maxLength: 30 }), busySecond),
        fc.boolean(),
        (trades, isNarrow) => {
          const rows = tradeRows();
          for (const [id, { time, price, quantity, maker, executions }] of trades.entries())
            pushTrade(
              rows,
              {
                time,
                price: { units: price, places: 0 },
                quantity: { units: quantity, places: 0 },
                maker,
                id,
                firstId: 1,
                lastId: 1 + executions,
              },
              0,
            );
          for (const [i, { price, quantity }] of trades.entries()) {
            if (!isNarrow) continue; // as read by csv-parse; the scanner makes doubles of them
            setAt(rows.price, i, Number(price));
            setAt(rows.quantity, i, Number(quantity));
          }
          const bars = emptyBars(SECONDS);
          const withoutQuantity = addTrades(bars, rows, Uint32Array.from(trades.keys()), 0);
          expect(withoutQuantity).toBe(trades.filter(({ quantity }) => quantity === 0n).length);
          for (let second = 0; second < SECONDS; second++) {
            const own = trades.filter(
              ({ time, quantity }) => Math.floor(time / 1_000) === second && quantity > 0n,
            );
            const buys = own.filter(({ maker }) => !maker);
            const sum = (of: typeof own, what: (one: (typeof own)[number]) => bigint): bigint =>
              of.reduce((total, one) => total + what(one), 0n);
            const prices = own.map(({ price }) => price);
            const bar = (name: keyof Omit<typeof bars, 'count'>): bigint =>
              BigInt(valueAt(bars[name], second));
            expect({
              trades: bar('trades'),
              executions: bar('executions'),
              buy: bar('buyQuantity'),
              sell: bar('sellQuantity'),
              quote: bar('quoteTotal'),
              quoteBuy: bar('quoteBuy'),
            }).toEqual({
              trades: BigInt(own.length),
              executions: sum(own, ({ executions }) => BigInt(executions) + 1n),
              buy: sum(buys, ({ quantity }) => quantity),
              sell: sum(own, ({ quantity }) => quantity) - sum(buys, ({ quantity }) => quantity),
              quote: sum(own, ({ price, quantity }) => price * quantity),
              quoteBuy: sum(buys, ({ price, quantity }) => price * quantity),
            });
            if (own.length === 0) continue;
            expect([bar('open'), bar('high'), bar('low'), bar('close')]).toEqual([
              prices[0],
              prices.reduce((a, b) => (a > b ? a : b)),
              prices.reduce((a, b) => (a < b ? a : b)),
              prices.at(-1),
            ]);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

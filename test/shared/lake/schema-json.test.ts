import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { BAR_COLUMNS, BAR_HEADER } from '../../../shared/lake/bar.ts';
import { schemaJson } from '../../../shared/lake/schema-json.ts';

const file = join(import.meta.dirname, '../../../shared/lake/schema.json');

describe('schema.json', () => {
  it('is what the columns say (else run: node shared/lake/main.ts)', () => {
    expect(readFileSync(file, 'utf8')).toBe(schemaJson());
  });

  it('tells name, type, unit and meaning of all 21 columns in the order of the header', () => {
    const { columns } = JSON.parse(readFileSync(file, 'utf8'));
    expect(columns.map(({ name }: { name: string }) => name).join(',')).toBe(BAR_HEADER);
    expect(BAR_HEADER).toBe(
      'timestamp,open,high,low,close,vwap,vol_total,vol_buy,vol_sell,vol_delta,trade_count,avg_spread,avg_bid_qty,' +
        'avg_ask_qty,cvd,l1_imbalance,quote_vol_total,quote_vol_buy,agg_trade_count,depth_count,trades_complete',
    );
    expect(columns).toHaveLength(21);
    for (const column of columns) {
      expect(Object.keys(column)).toEqual(['name', 'type', 'unit', 'meaning']);
      expect(column.meaning).not.toBe('');
    }
    expect(columns).toEqual(BAR_COLUMNS);
  });
});

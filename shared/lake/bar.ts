/** One column of the daily files, as `schema.json` tells it to other programs. */
export type BarColumn = {
  name: string;
  type: 'timestamp' | 'decimal' | 'integer' | 'boolean';
  unit: string;
  meaning: string;
};

const column = (name: string, type: BarColumn['type'], unit: string, meaning: string): BarColumn => ({
  name,
  type,
  unit,
  meaning,
});

/** The 21 columns of a daily file, in their order. */
export const BAR_COLUMNS: readonly BarColumn[] = [
  column(
    'timestamp',
    'timestamp',
    'ISO 8601 UTC',
    'Open of the bar; the bar is [open, open + resolution) by exchange time',
  ),
  column(
    'open',
    'decimal',
    'quote asset',
    'Price of the first trade by aggregate trade id; without a trade the previous close',
  ),
  column('high', 'decimal', 'quote asset', 'Highest trade price; without a trade the previous close'),
  column('low', 'decimal', 'quote asset', 'Lowest trade price; without a trade the previous close'),
  column(
    'close',
    'decimal',
    'quote asset',
    'Price of the last trade by aggregate trade id; without a trade the previous close',
  ),
  column(
    'vwap',
    'decimal',
    'quote asset',
    'Sum of price x quantity over sum of quantity; empty without a trade',
  ),
  column('vol_total', 'decimal', 'base asset', 'Traded quantity'),
  column(
    'vol_buy',
    'decimal',
    'base asset',
    'Quantity in which the buyer was the aggressor (is_buyer_maker = false)',
  ),
  column(
    'vol_sell',
    'decimal',
    'base asset',
    'Quantity in which the seller was the aggressor (is_buyer_maker = true)',
  ),
  column('vol_delta', 'decimal', 'base asset', 'vol_buy - vol_sell'),
  column(
    'trade_count',
    'integer',
    'executions',
    'Single executions: sum of last_trade_id - first_trade_id + 1',
  ),
  column(
    'avg_spread',
    'decimal',
    'quote asset',
    'Mean of best ask - best bid over the snapshots; empty without a snapshot',
  ),
  column(
    'avg_bid_qty',
    'decimal',
    'base asset',
    'Mean quantity at the best bid over the snapshots; empty without a snapshot',
  ),
  column(
    'avg_ask_qty',
    'decimal',
    'base asset',
    'Mean quantity at the best ask over the snapshots; empty without a snapshot',
  ),
  column('cvd', 'decimal', 'base asset', 'Cumulative volume delta: running sum of vol_delta since 00:00 UTC'),
  column(
    'l1_imbalance',
    'decimal',
    'ratio 0 to 1',
    'Mean over the snapshots of bid quantity / (bid quantity + ask quantity) at the best prices; empty without a snapshot',
  ),
  column('quote_vol_total', 'decimal', 'quote asset', 'Sum of price x quantity'),
  column(
    'quote_vol_buy',
    'decimal',
    'quote asset',
    'Sum of price x quantity in which the buyer was the aggressor',
  ),
  column('agg_trade_count', 'integer', 'rows', 'Aggregated trades on the tape'),
  column('depth_count', 'integer', 'snapshots', 'Order-book snapshots in the bar'),
  column(
    'trades_complete',
    'boolean',
    '',
    'true if it is proven that no trade of the bar is missing; known only afterwards: a quality filter, never a model feature',
  ),
];

/** The first line of every daily file, without its line end. */
export const BAR_HEADER = BAR_COLUMNS.map(({ name }) => name).join(',');

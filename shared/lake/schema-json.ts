import { BAR_COLUMNS } from './bar.ts';

/** The text of `schema.json`: the columns of the daily files for programs in other languages. */
export function schemaJson(): string {
  const schema = {
    title: 'Daily order-flow bars',
    file: 'aggregated/{SYMBOL}/{YYYY-MM-DD}_{resolution}.csv',
    columns: BAR_COLUMNS,
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

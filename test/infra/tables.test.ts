import { beforeAll, describe, expect, it } from '@jest/globals';
import { BAR_COLUMNS } from '../../shared/lake/bar.ts';
import { barsObjectName } from '../../shared/lake/object-names.ts';
import { block, evaluate, expression, hasTerraform, readTerraform, type Terraform } from './terraform.ts';

const TYPES = { timestamp: 'TIMESTAMP', decimal: 'BIGNUMERIC', integer: 'INT64', boolean: 'BOOL' };

let terraform: Terraform;
beforeAll(async () => {
  terraform = await readTerraform();
});

describe('the BigQuery tables', () => {
  it('have a type for each kind of column', () => expect(terraform.local('bigquery_types')).toEqual(TYPES));

  (hasTerraform ? it : it.skip)(
    'have the columns of schema.json in order and type, all nullable (skipped without terraform)',
    () => {
      expect(evaluate('local.bar_columns')).toEqual(
        BAR_COLUMNS.map(({ name, type, meaning }) => ({
          name,
          type: TYPES[type],
          mode: 'NULLABLE',
          description: meaning,
        })),
      );
    },
  );

  it('read the daily files of their resolution alone, by one wildcard', () => {
    const { for_each, external_data_configuration } = terraform.resource('google_bigquery_table', 'files');
    expect(for_each).toBe(expression('toset(var.resolutions)'));
    const source = block(external_data_configuration);
    expect(source).toMatchObject({
      source_format: 'CSV',
      autodetect: false,
      schema: expression('jsonencode(local.bar_columns)'),
    });
    expect(block(source['csv_options'])).toMatchObject({ skip_leading_rows: 1 });
    const [uri = ''] = source['source_uris'] as string[]; // a list of strings
    expect(uri.split('*')).toHaveLength(2);
    const [before = '', after = ''] = uri
      .replace(/^gs:\/\/\$\{.+?\}\//, '')
      .replace(expression('each.value'), '1m')
      .split('*');
    const isRead = (name: string): boolean => name.startsWith(before) && name.endsWith(after);
    const names = ['1s', '1m', '11m', '1h'].map((resolution) =>
      barsObjectName('BTCUSDT', '2024-07-19', resolution),
    );
    expect(names.filter(isRead)).toEqual(['aggregated/BTCUSDT/2024-07-19_1m.csv']);
  });

  it('are seen with symbol and date, which the name of the file tells', () => {
    const { query, use_legacy_sql } = block(terraform.resource('google_bigquery_table', 'bars')['view']);
    expect(use_legacy_sql).toBe(false);
    const patterns = [...String(query).matchAll(/REGEXP_EXTRACT\(_FILE_NAME, r'([^']+)'\)/g)].map(
      ([, pattern = '']) => pattern,
    );
    const file = `gs://p-tapelake-results/${barsObjectName('币安人生USDT', '2024-07-19', '1s')}`;
    expect(patterns.map((pattern) => new RegExp(pattern).exec(file)?.[1])).toEqual([
      '币安人生USDT',
      '2024-07-19',
    ]);
  });
});

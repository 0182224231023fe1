import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../program/run-program.ts';
import { helpText, readSettings } from '../program/settings.ts';
import { schemaJson } from './schema-json.ts';

const help = (): string =>
  helpText('Writes schema.json anew after a change of the columns: node shared/lake/main.ts', {});

await runProgram(help, async (argv) => {
  readSettings({}, argv, {});
  await writeFile(join(import.meta.dirname, 'schema.json'), schemaJson());
  return 0;
});

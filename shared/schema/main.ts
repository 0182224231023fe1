import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { helpText, readSettings } from '../config.ts';
import { runProgram } from '../run-program.ts';
import { schemaJson } from './json.ts';

const help = (): string =>
  helpText('Writes schema.json anew after a change of the columns: node shared/schema/main.ts', {});

await runProgram(help, async (argv) => {
  readSettings({}, argv, {});
  await writeFile(join(import.meta.dirname, 'schema.json'), schemaJson());
  return 0;
});

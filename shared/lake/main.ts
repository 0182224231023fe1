import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../program/main.ts';
import { schemaJson } from './schema-json.ts';

const SCHEMA = {
  name: 'npm run schema',
  summary: 'Writes schema.json anew after a change of the columns.',
  usage: '',
  example: 'npm run schema',
  settings: {},
};

await runCommand(SCHEMA, async () => {
  await writeFile(join(import.meta.dirname, 'schema.json'), schemaJson());
  return 0;
});

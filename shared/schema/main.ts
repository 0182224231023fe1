import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { schemaJson } from './json.ts';

// Writes schema.json anew after a change of the columns: node shared/schema/main.ts
await writeFile(join(import.meta.dirname, 'schema.json'), schemaJson());

import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Where the sources of a room lie, which suites are closest to them, and which see them at all. */
export type Room = { sources: string; near: RegExp; all: RegExp };

/** Suites of the job's other parts see its rows, bars and proofs too; those of a room's own folder are asked first. */
export const ROOMS: Record<string, Room> = {
  bars: { sources: 'shared/bars', near: /\/bars\//, all: /^test\/(shared\/bars|aggregate-job)\// },
  scan: { sources: 'aggregate-job/scan', near: /\/scan\//, all: /^test\/aggregate-job\// },
  window: { sources: 'aggregate-job/window', near: /\/(window|scan)\//, all: /^test\/aggregate-job\// },
  proof: { sources: 'aggregate-job/proof', near: /\/proof\//, all: /^test\/aggregate-job\// },
  day: {
    sources: 'aggregate-job/day',
    near: /\/day\/(?!oracle|properties)|lease|edges/,
    all: /^test\/aggregate-job\//,
  },
  feed: { sources: 'ingest/feed', near: /\/feed\//, all: /^test\/ingest\// },
  frame: { sources: 'ingest/frame', near: /\/frame\//, all: /^test\/ingest\// },
  minutes: { sources: 'ingest/minutes', near: /\/minutes\//, all: /^test\/ingest\// },
  spool: { sources: 'ingest/spool', near: /\/spool\//, all: /^test\/ingest\// },
  store: { sources: 'shared/store', near: /\/store\//, all: /^test\/shared\/(store|program)\// },
};

export function sourcesOf(root: string, { sources }: Room): string[] {
  return filesOf(root, sources).filter((file) => file.endsWith('.ts'));
}

/** All suites that see the room. */
export function suitesOf(root: string, { all }: Room): string[] {
  return filesOf(root, 'test').filter((file) => file.endsWith('.test.ts') && all.test(file));
}

function filesOf(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

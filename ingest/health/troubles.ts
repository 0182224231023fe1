import { MINUTE_MS } from '../../shared/time.ts';
import type { Figures } from './figures.ts';

/** Uploads are spread over 20 s, and a try may take some; beyond this something is wrong. */
const MAX_UPLOAD_LAG_MS = 2 * MINUTE_MS;

/** What a person should look at, each in one line; empty when all is well. */
export function troublesOf(figures: Figures): string[] {
  const { disconnected, staleStreams, uploadLagMs, isStoreFailing, waitingChunks, shed, odd, spoolFailures } =
    figures;
  const troubles: string[] = [];
  if (disconnected > 0) troubles.push(`${disconnected} connections are not open`);
  if (staleStreams.length > 0) troubles.push(`silent streams: ${staleStreams.join(', ')}`);
  if (isStoreFailing) troubles.push(`the store does not take chunks, ${waitingChunks} wait`);
  else if (uploadLagMs > MAX_UPLOAD_LAG_MS) {
    troubles.push(`the oldest chunk waits ${Math.round(uploadLagMs / 1_000)} s to be stored`);
  }
  if (shed.depth + shed.trades > 0) troubles.push(`rows shed: ${shed.depth} depth, ${shed.trades} trades`);
  if (odd.dropped > 0) troubles.push(`${odd.dropped} odd frames were not kept`);
  if (spoolFailures > 0) troubles.push(`${spoolFailures} writes to the spool failed`);
  troubles.push(...spoolTroubles(figures));
  return troubles;
}

function spoolTroubles({ lostFolders, lostRows, unreadableChunks, damagedChunks }: Figures): string[] {
  const troubles: string[] = [];
  if (lostFolders > 0)
    troubles.push(`this run's folder in the spool was deleted or taken ${lostFolders} times`);
  if (lostRows > 0) troubles.push(`${lostRows} rows lost with their files in the spool`);
  if (unreadableChunks > 0)
    troubles.push(`${unreadableChunks} chunks in the spool could not be read and are set aside`);
  if (damagedChunks > 0) troubles.push(`${damagedChunks} chunks in the spool are damaged`);
  return troubles;
}

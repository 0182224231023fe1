import { type DestinationStream, type Logger, pino } from 'pino';
import { withoutCredentials } from '../credentials.ts';

export type Log = Logger;

const SEVERITIES: Record<string, string> = {
  trace: 'DEBUG',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
};

/** One JSON line an event, in the fields Cloud Logging reads: `severity`, `time`, `message`. Credentials in addresses are left out. */
export function createLog(
  program: string,
  destination: DestinationStream = pino.destination({ dest: 2, sync: true }),
): Log {
  return pino(
    {
      base: { program },
      messageKey: 'message',
      // The whole line, since an address may stand in any field, any cause of an error, any stack.
      hooks: { streamWrite: withoutCredentials },
      errorKey: 'error',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ severity: SEVERITIES[label] ?? 'DEFAULT' }) },
    },
    destination,
  );
}

/** Tells each message once, however often it comes. */
export function onceEach(tell: (message: string) => void): (message: string) => void {
  const told = new Set<string>();
  return (message) => {
    if (told.has(message)) return;
    told.add(message);
    tell(message);
  };
}

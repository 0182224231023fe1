import type { Allowed, Result } from './results.ts';

/** The results as a table by room, then those that live without a reason; good when no new one does. */
export function summary(results: Result[], allowed: Allowed[]): { text: string; isGood: boolean } {
  const reasons = new Set(allowed.map(({ key }) => key));
  const isNew = ({ key, result }: Result): boolean => result === 'survived' && !reasons.has(key);
  const rooms = [...new Set(results.map(({ room }) => room))].sort();
  const rows = [...rooms, 'all'].map((room) => {
    const own = results.filter((one) => room === 'all' || one.room === room);
    const count = (matches: (one: Result) => boolean): string => String(own.filter(matches).length);
    const seconds = own.reduce((sum, one) => sum + one.seconds, 0) / Math.max(1, own.length);
    return [
      room,
      String(own.length),
      count(({ result }) => result === 'killed'),
      count(({ result }) => result === 'timeout'),
      count((one) => one.result === 'survived' && !isNew(one)),
      count(isNew),
      seconds.toFixed(1),
    ];
  });
  const head = ['room', 'mutants', 'killed', 'timeout', 'allowed', 'alive', 's each'];
  const table = [head, ...rows].map(
    ([room = '', ...cells]) => room.padEnd(9) + cells.map((cell) => cell.padStart(9)).join(''),
  );
  const alive = results.filter(isNew);
  const told = alive.map(({ file, line, key }) => `${file}:${line}\n    ${key.slice(file.length + 2)}`);
  const share = ((100 * alive.length) / Math.max(1, results.length)).toFixed(1);
  return {
    text: [...table, '', `${alive.length} (${share} %) alive without a reason`, ...told].join('\n'),
    isGood: alive.length === 0,
  };
}

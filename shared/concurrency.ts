/** Works on up to `limit` items at once and yields the results in the items' order. At most `limit` results wait to be taken. */
export async function* mapInOrder<T, R>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const running: Promise<R>[] = [];
  try {
    for (const item of items) {
      const result = work(item);
      result.catch(() => {}); // seen when its turn comes; until then it must not count as unhandled
      running.push(result);
      const first = running.length < limit ? undefined : running.shift();
      if (first) yield await first;
    }
    for (let first = running.shift(); first; first = running.shift()) yield await first;
  } finally {
    await Promise.allSettled(running);
  }
}

/** Works on all items, up to `limit` at once, and returns the results in the items' order. The first error is thrown after the running items have ended. */
export async function mapAll<T, R>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for await (const result of mapInOrder(items, limit, work)) results.push(result);
  return results;
}

/** Starts work where there is room for it. */
export type Limit = <R>(work: () => Promise<R>) => Promise<R>;

/** Lets up to `limit` pieces of work run at once, whoever brings them; the others begin in the order in which they came. */
export function createLimit(limit: number): Limit {
  let free = limit;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((begin) => waiting.push(begin));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}

// The fields of one line of CSV (RFC 4180), as csv-parse gives them, which is its oracle: that sets a parser up for each call and takes
// 10 µs a line, and a damaged day may have a million lines to be read with care. Only a NUL behind a quote, which csv-parse takes
// into the field, is a fault here.

const QUOTE = '"';
const COMMA = ',';

/** The fields of a line without its end; undefined where its quotes do not match. */
export function csvFields(line: string): string[] | undefined {
  if (!line.includes(QUOTE)) return line.split(COMMA);
  const fields: string[] = [];
  for (let start = 0; start <= line.length; ) {
    const end = fieldEnd(line, start);
    const field = line.slice(start, end);
    const isQuoted = field.startsWith(QUOTE);
    if (end < 0 || (!isQuoted && field.includes(QUOTE))) return undefined;
    fields.push(isQuoted ? field.slice(1, -1).replaceAll('""', QUOTE) : field);
    start = end + 1;
  }
  return fields;
}

/** Place behind the field that starts at `start`, where a comma or nothing stands; -1 where its quote is not closed right before it. */
function fieldEnd(line: string, start: number): number {
  if (line[start] === QUOTE) {
    const end = closingQuote(line, start + 1) + 1;
    return end > 0 && (end === line.length || line[end] === COMMA) ? end : -1;
  }
  const comma = line.indexOf(COMMA, start);
  return comma < 0 ? line.length : comma;
}

/** Place of the quote that ends a field, two in a row being one of its characters; -1 where there is none. */
function closingQuote(line: string, start: number): number {
  let at = line.indexOf(QUOTE, start);
  while (at >= 0 && line[at + 1] === QUOTE) at = line.indexOf(QUOTE, at + 2);
  return at;
}

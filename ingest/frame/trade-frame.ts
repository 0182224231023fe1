// The fast path of trades, as depth-frame.ts is that of the book: the digits go from the frame into the row as bytes, and a frame
// that is not exactly as the exchange writes it is left to JSON.parse. Nearly all of the work is in the few names and numbers that
// are looked at; what makes it fast is that nothing is made of them but the row.

import { isTime } from './fields.ts';
import type { Head } from './heads.ts';
import type { Row } from './row.ts';
import { copy, MAX_DIGITS, numberAt, skip, skipDecimal, skipInteger, TIME_DIGITS } from './scan.ts';

const COMMA = 0x2c;
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

const ID = Buffer.from(',"a":');
const PRICE = Buffer.from(',"p":"');
const QUANTITY = Buffer.from('","q":"');
const QUANTITY_NO_RPI = Buffer.from('","nq":"');
const FIRST_ID = Buffer.from('","f":');
const LAST_ID = Buffer.from(',"l":');
const TIME = Buffer.from(',"T":');
const IS_BUYER_MAKER = Buffer.from(',"m":');
const STATE = Buffer.from(',"st":');
const TAIL = Buffer.from('}}');

/**
 * The row of an `aggTrade` frame that begins with `head` and is exactly as the exchange writes it; undefined for any other frame.
 * It is written into `row`, which has room for it, and ends with `ending`.
 */
export function readTradeFrame(frame: Buffer, head: Head, row: Buffer, ending: Uint8Array): Row | undefined {
  const eventStart = skip(frame, 0, head.start);
  const eventEnd = skipInteger(frame, eventStart);
  const idStart = skip(frame, eventEnd, ID);
  const idEnd = skipInteger(frame, idStart);
  const priceStart = skip(frame, skip(frame, idEnd, head.symbolPair), PRICE);
  const priceEnd = skipDecimal(frame, priceStart);
  const quantityStart = skip(frame, priceEnd, QUANTITY);
  const quantityEnd = skipDecimal(frame, quantityStart);
  const noRpiStart = skip(frame, quantityEnd, QUANTITY_NO_RPI); // a newer key
  const noRpiEnd = skipDecimal(frame, noRpiStart);
  const firstStart = skip(frame, noRpiStart < 0 ? quantityEnd : noRpiEnd, FIRST_ID);
  const firstEnd = skipInteger(frame, firstStart);
  const lastStart = skip(frame, firstEnd, LAST_ID);
  const lastEnd = skipInteger(frame, lastStart);
  const timeStart = skip(frame, lastEnd, TIME);
  const timeEnd = skipInteger(frame, timeStart);
  const makerStart = skip(frame, timeEnd, IS_BUYER_MAKER);
  const trueEnd = skip(frame, makerStart, TRUE);
  const makerEnd = trueEnd < 0 ? skip(frame, makerStart, FALSE) : trueEnd;
  const stateEnd = skipInteger(frame, skip(frame, makerEnd, STATE)); // a newer key
  if (skip(frame, stateEnd < 0 ? makerEnd : stateEnd, TAIL) !== frame.length) return undefined;
  if (eventEnd - eventStart !== TIME_DIGITS || timeEnd - timeStart !== TIME_DIGITS) return undefined;
  const longestId = Math.max(idEnd - idStart, firstEnd - firstStart, lastEnd - lastStart);
  const eventMs = numberAt(frame, eventStart, eventEnd);
  const timeMs = numberAt(frame, timeStart, timeEnd);
  if (!isTime(eventMs) || !isTime(timeMs) || longestId > MAX_DIGITS) return undefined;
  const lastId = numberAt(frame, lastStart, lastEnd);
  if (numberAt(frame, firstStart, firstEnd) > lastId) return undefined;

  let end = copy(frame, timeStart, timeEnd, row, 0);
  const add = (from: number, to: number): void => {
    row[end] = COMMA;
    end = copy(frame, from, to, row, end + 1);
  };
  add(priceStart, priceEnd);
  add(quantityStart, quantityEnd);
  add(makerStart, makerEnd);
  add(idStart, idEnd);
  add(firstStart, firstEnd);
  add(lastStart, lastEnd);
  add(noRpiStart, noRpiEnd); // nothing where the key is not there: both are -1
  add(eventStart, eventEnd);
  end = copy(ending, 0, ending.length, row, end);
  return {
    stream: head.stream,
    symbol: head.symbol,
    kind: head.kind,
    timeMs,
    eventMs,
    id: numberAt(frame, idStart, idEnd),
    lastId,
    line: row.subarray(0, end),
  };
}

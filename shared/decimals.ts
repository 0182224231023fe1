/** An exact decimal number: `units / 10^places`. `63943.90` is 6394390 units with 2 places. */
export type Decimal = { units: bigint; places: number };

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;

/** Reads plain decimal text (`12`, `-0.50`); undefined for anything else: signs of exponents, blanks, bare points. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = DECIMAL.exec(text);
  if (!match) return undefined;
  const [, sign = '', whole = '', fraction = ''] = match;
  return { units: BigInt(sign + whole + fraction), places: fraction.length };
}

/** The decimal at `places`; a {@link RangeError} where digits other than zero would be lost. */
export function unitsAt(decimal: Decimal, places: number): bigint {
  if (places >= decimal.places) return decimal.units * 10n ** BigInt(places - decimal.places);
  const divisor = 10n ** BigInt(decimal.places - places);
  if (decimal.units % divisor !== 0n) {
    throw new RangeError(
      `write ${formatUnits(decimal.units, decimal.places)} with ${places} places: digits would be lost`,
    );
  }
  return decimal.units / divisor;
}

/** Places of a decimal, trailing zeros not counted: 2 for `1.2300`. */
export function significantPlaces(text: string): number {
  const point = text.indexOf('.');
  return point < 0 ? 0 : text.replace(/0+$/, '').length - point - 1;
}

/** `units / 10^places` as text with exactly that many places: (1500, 3) is `1.500`. */
export function formatUnits(units: bigint | number, places: number): string {
  if (places === 0) return String(units);
  const negative = units < 0;
  const digits = String(negative ? -units : units).padStart(places + 1, '0');
  const cut = digits.length - places;
  return `${negative ? '-' : ''}${digits.slice(0, cut)}.${digits.slice(cut)}`;
}

/** `numerator / denominator` to the nearest integer, halves away from zero. The denominator is positive. */
export function divideRounded(numerator: bigint, denominator: bigint): bigint {
  const doubled = 2n * numerator;
  return numerator < 0n
    ? (doubled - denominator) / (2n * denominator)
    : (doubled + denominator) / (2n * denominator);
}

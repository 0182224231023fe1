const TABLE_PLACES = 4;

/** A fast `formatUnits` for one number of places; units are whole, not negative and below 2^53. */
export function createFormat(places: number): (units: number) => string {
  if (places === 0) return String;
  const scale = 10 ** places;
  if (places > TABLE_PLACES) {
    return (units) => {
      const whole = Math.floor(units / scale);
      return `${whole}.${String(units - whole * scale).padStart(places, '0')}`;
    };
  }
  // Books are the bulk of all frames and most of a book is fractions: look them up.
  const fractions = Array.from({ length: scale }, (_, units) => `.${String(units).padStart(places, '0')}`);
  return (units) => {
    const whole = Math.floor(units / scale);
    return `${whole}${fractions[units - whole * scale]}`;
  };
}

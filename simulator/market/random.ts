/** 32 well-mixed bits of a seed and a number (murmur3's finalizer): the same pair gives the same bits for ever. */
export function hash(seed: number, value: number): number {
  let bits = (Math.imul(seed, 0x9e3779b1) + value) | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** {@link hash} as a fraction in [0, 1). */
export function fraction(seed: number, value: number): number {
  return hash(seed, value) / 0x1_0000_0000;
}

/** A seed for a name under a seed (FNV-1a over UTF-16 units, then mixed). */
export function seedOf(seed: number, name: string): number {
  let bits = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) bits = Math.imul(bits ^ name.charCodeAt(i), 0x01000193);
  return hash(seed, bits);
}

/** A stream of fractions in [0, 1) from a 32-bit seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** The symbol-day that is measured. */
export const SYMBOL = 'BTCUSDT';
export const DATE = '2024-07-18';

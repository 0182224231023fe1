/** A request the exchange refuses, with its error code: HTTP 400. */
export class Rejection extends Error {
  override name = 'Rejection';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** What stands before the host of an address; of several `@` the last one ends it (https://url.spec.whatwg.org/#authority-state). */
const CREDENTIALS = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s"\\/?#]*@/gi;

/** The text with `***` for the credentials of every address in it. */
export function withoutCredentials(text: string): string {
  return text.replace(CREDENTIALS, '$1***@');
}

/** An address as `fetch` takes it, which refuses credentials in one: they become a header (RFC 7617). */
export function splitCredentials(address: string): { url: string; headers: Record<string, string> } {
  const url = new URL(address);
  const { username, password } = url;
  if (username === '' && password === '') return { url: address, headers: {} };
  [url.username, url.password] = ['', ''];
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { url: url.href, headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } };
}

/** Characters in a chunk, about. */
const CHUNK = 64 * 1024;

const encoder = new TextEncoder();

/** Lines with their newlines, many at a time, as bytes of UTF-8. */
export function* lineChunks(lines: Iterable<string>): Generator<Uint8Array> {
  let held = '';
  for (const line of lines) {
    held += `${line}\n`;
    if (held.length < CHUNK) continue;
    yield encoder.encode(held);
    held = '';
  }
  if (held !== '') yield encoder.encode(held);
}

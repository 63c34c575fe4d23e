/** Bytes of whole lines, and the number of the first, from 1 on. */
export interface LineBatch {
  readonly first: number;
  readonly bytes: Uint8Array;
}

const NEWLINE = 0x0a;

const countLines = (bytes: Uint8Array): number => {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines += 1;
  return lines;
};

/**
 * Cut a stream into batches of whole lines of about a size; a line longer than that is a batch of its own. Each batch
 * has a buffer of its own, so that it can be handed over to a thread without a copy.
 */
export async function* lineBatches(chunks: AsyncIterable<Uint8Array>, size = 256 * 1024): AsyncGenerator<LineBatch> {
  let parts: Uint8Array[] = [];
  let held = 0;
  let first = 1;
  const take = (last: Uint8Array): LineBatch => {
    const bytes = new Uint8Array(held + last.length);
    let at = 0;
    for (const part of [...parts, last]) {
      bytes.set(part, at);
      at += part.length;
    }
    const batch = { first, bytes };
    first += countLines(bytes);
    parts = [];
    held = 0;
    return batch;
  };
  for await (const chunk of chunks) {
    const end = held + chunk.length < size ? -1 : chunk.lastIndexOf(NEWLINE);
    if (end >= 0) yield take(chunk.subarray(0, end + 1));
    const rest = chunk.subarray(end + 1);
    if (rest.length > 0) {
      parts.push(rest);
      held += rest.length;
    }
  }
  if (held > 0) yield take(new Uint8Array());
}

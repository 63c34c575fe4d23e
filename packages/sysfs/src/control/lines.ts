const NEWLINE = 0x0a;

/**
 * Cuts chunks of bytes into lines.
 *
 * @param longest - In bytes; a longer line ends it.
 * @returns What takes the next chunk: the lines that it completes, without their newlines; `undefined` once a line is
 * too long, and from then on.
 */
export const lineSplitter = (longest: number): ((chunk: Buffer) => string[] | undefined) => {
  let parts: Buffer[] = [];
  let held = 0;
  let isTooLong = false;
  return (chunk) => {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0 && !isTooLong; end = chunk.indexOf(NEWLINE, start)) {
      isTooLong = held + end - start > longest;
      lines.push(Buffer.concat([...parts, chunk.subarray(start, end)]).toString());
      parts = [];
      held = 0;
      start = end + 1;
    }
    parts.push(chunk.subarray(start));
    held += chunk.length - start;
    isTooLong ||= held > longest;
    if (!isTooLong) return lines;
    parts = [];
    return undefined;
  };
};

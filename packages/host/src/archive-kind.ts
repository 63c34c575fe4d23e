export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;
export const isBzip2 = (bytes: Uint8Array): boolean => bytes[0] === 0x42 && bytes[1] === 0x5a && bytes[2] === 0x68;
const isPlainTar = (bytes: Uint8Array): boolean =>
  bytes.length > 262 && String.fromCharCode(...bytes.subarray(257, 262)) === 'ustar';

/** Whether the bytes are an archive that `readTar()` takes: tar, plain or packed by gzip or bzip2. */
export const isTar = (bytes: Uint8Array): boolean => isGzip(bytes) || isBzip2(bytes) || isPlainTar(bytes);

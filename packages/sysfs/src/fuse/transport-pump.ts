import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { Fields } from './fields.js';
import { REQUEST_BUFFER, RequestHeader } from './protocol.js';
import type { RequestReader, Transport } from './transport.js';

/** Cuts a stream of bytes into requests, each of which states its length first. */
export const requestSplitter = (onRequest: (bytes: Uint8Array) => void) => {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk: Buffer): void => {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (bytes.length >= RequestHeader.bytes) {
      const length = new Fields(bytes).u32(RequestHeader.length);
      if (length < RequestHeader.bytes || length > REQUEST_BUFFER)
        throw new RangeError(`a request of ${length} bytes: the stream is out of step`);
      if (bytes.length < length) break;
      onRequest(bytes.subarray(0, length));
      bytes = bytes.subarray(length);
    }
    // What is left over is often a view of a buffer that Node uses again.
    rest = Buffer.from(bytes);
  };
};

/** A `cat` reads the device into a pipe: half as fast, with public calls only. */
export const pump: Transport = {
  name: 'pump',
  nonBlocking: false,
  startReading: (descriptor, onRequest): RequestReader => {
    const cat = spawn('cat', [], { stdio: [descriptor, 'pipe', 'ignore'], env: { PATH: '/usr/bin:/bin' } });
    const requests = cat.stdout as Readable;
    requests.on('data', requestSplitter(onRequest));
    let isOpen = true;
    const close = (): void => {
      if (!isOpen) return;
      isOpen = false;
      closeSync(descriptor);
      cat.kill();
    };
    const ended = new Promise<void>((resolve) => {
      cat.once('error', () => resolve());
      requests.once('close', () => resolve());
    }).then(close);
    return { ended, close };
  },
};

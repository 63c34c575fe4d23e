import { Socket, type SocketConstructorOpts } from 'node:net';
import { REQUEST_BUFFER } from './protocol.js';
import type { RequestReader, Transport } from './transport.js';

/** The part of Node's internal stream handle that is used here. */
interface PipeHandle {
  open(descriptor: number): number | undefined;
}

interface PipeBinding {
  readonly Pipe: new (type: number) => PipeHandle;
  readonly constants: { readonly SOCKET: number };
}

type Binding = (name: 'pipe_wrap') => PipeBinding;

/** Node's door to its internals; deprecated in the documentation (DEP0111), and shut under some options. */
const pipeBinding = (): PipeBinding | undefined => {
  const { binding } = process as { binding?: Binding };
  try {
    return binding?.('pipe_wrap');
  } catch {
    return undefined;
  }
};

/** Whether this Node lets a device be read through its event loop. */
export const hasEpoll = (): boolean => pipeBinding() !== undefined;

/**
 * The event loop waits for the device as it would for a socket: fast, and the process stays awake for everything else. No
 * public call of Node does that with a character device.
 */
export const epoll: Transport = {
  name: 'epoll',
  nonBlocking: true,
  startReading: (descriptor, onRequest): RequestReader => {
    const binding = pipeBinding();
    if (!binding) throw new Error('process.binding is not available');
    const handle = new binding.Pipe(binding.constants.SOCKET);
    handle.open(descriptor);
    const options = {
      handle,
      readable: true,
      writable: false,
      onread: {
        buffer: Buffer.alloc(REQUEST_BUFFER),
        // A read of the device returns one request.
        callback: (length: number, buffer: Uint8Array): boolean => {
          onRequest(buffer.subarray(0, length));
          return true;
        },
      },
    };
    const socket = new Socket(options as SocketConstructorOpts);
    const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    // ENODEV after the unmount, ECONNABORTED after an abort: either way it is over.
    socket.on('error', () => {});
    return { ended, close: () => socket.destroy() };
  },
};

import { Fields } from '../../../src/fuse/fields.js';
import {
  Attr,
  AttrOut,
  Dirent,
  EntryOut,
  ForgetIn,
  InitIn,
  InitOut,
  Opcode,
  OpenIn,
  OpenOut,
  ReadIn,
  ReleaseIn,
  ReplyHeader,
  RequestHeader,
  ROOT_ID,
  SetAttrIn,
  WriteIn,
  WriteOut,
} from '../../../src/fuse/protocol.js';
import type { FuseServer } from '../../../src/fuse/server.js';

/** What a reply says. */
export interface Reply {
  /** 0 or an errno. */
  readonly errno: number;
  readonly body: Uint8Array;
  readonly fields: Fields;
}

export interface Stat {
  readonly ino: number;
  readonly size: number;
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
}

const statIn = (fields: Fields, at: number): Stat => ({
  ino: fields.u64(at + Attr.ino),
  size: fields.u64(at + Attr.size),
  mode: fields.u32(at + Attr.mode),
  nlink: fields.u32(at + Attr.nlink),
  uid: fields.u32(at + Attr.uid),
  gid: fields.u32(at + Attr.gid),
  mtime: fields.u64(at + Attr.mtime) + fields.u32(at + Attr.mtimeNs) / 1e9,
});

export interface Entry {
  readonly name: string;
  readonly ino: number;
  readonly position: number;
  /** As in `d_type`. */
  readonly type: number;
}

let unique = 0;

/** A request as the kernel writes it. */
export const requestBytes = (
  opcode: number,
  nodeid: number,
  body: Uint8Array = new Uint8Array(0),
  { uid = 0, pid = 1 }: { uid?: number; pid?: number } = {},
): Uint8Array => {
  const bytes = new Uint8Array(RequestHeader.bytes + body.length);
  const header = new Fields(bytes);
  header.put32(RequestHeader.length, bytes.length);
  header.put32(RequestHeader.opcode, opcode);
  header.put64(RequestHeader.unique, ++unique * 2);
  header.put64(RequestHeader.nodeid, nodeid);
  header.put32(RequestHeader.uid, uid);
  header.put32(RequestHeader.pid, pid);
  bytes.set(body, RequestHeader.bytes);
  return bytes;
};

export const bodyOf = (
  bytes: number,
  put: (fields: Fields) => void,
  rest: Uint8Array = new Uint8Array(0),
): Uint8Array => {
  const body = new Uint8Array(bytes + rest.length);
  put(new Fields(body));
  body.set(rest, bytes);
  return body;
};

export const nameBytes = (name: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(`${name}\0`));

/** Asks a server what the kernel would, and reads the answers. */
export class FakeKernel {
  readonly server: FuseServer;

  constructor(server: FuseServer) {
    this.server = server;
  }

  /** @returns `undefined`: the server kept silent. */
  ask(opcode: number, nodeid: number, body?: Uint8Array, by?: { uid?: number; pid?: number }): Reply | undefined {
    const request = requestBytes(opcode, nodeid, body, by);
    const given = request.slice();
    const bytes = this.server.handle(given)?.slice();
    // The buffer is used for the next request.
    given.fill(0xff);
    if (!bytes) return undefined;
    const header = new Fields(bytes);
    if (header.u32(ReplyHeader.length) !== bytes.length) throw new Error('the reply states another length');
    if (header.u64(ReplyHeader.unique) !== new Fields(request).u64(RequestHeader.unique))
      throw new Error('the reply is to another request');
    return {
      errno: Math.abs(header.u32(ReplyHeader.error) | 0),
      body: bytes.subarray(ReplyHeader.bytes),
      fields: new Fields(bytes, ReplyHeader.bytes),
    };
  }

  #must(opcode: number, nodeid: number, body?: Uint8Array, by?: { uid?: number; pid?: number }): Reply {
    const reply = this.ask(opcode, nodeid, body, by);
    if (!reply) throw new Error('no reply');
    return reply;
  }

  init({ minor = 45, flags = 0xffffffff, flags2 = 0xffffffff } = {}) {
    const body = bodyOf(64, (fields) => {
      fields.put32(InitIn.major, 7);
      fields.put32(InitIn.minor, minor);
      fields.put32(InitIn.flags, flags);
      fields.put32(InitIn.flags2, flags2);
    });
    const { errno, fields } = this.#must(Opcode.init, 0, body);
    if (errno !== 0) return { errno };
    return {
      errno,
      minor: fields.u32(InitOut.minor),
      flags: fields.u32(InitOut.flags),
      maxWrite: fields.u32(InitOut.maxWrite),
    };
  }

  /** @returns An errno, or the number, 0 for a name that is not there, and for how many seconds that may be kept. */
  lookup(parent: number, name: string): { errno: number; id: number; valid: number; stat: Stat } {
    const { errno, fields, body } = this.#must(Opcode.lookup, parent, nameBytes(name));
    if (errno !== 0) return { errno, id: 0, valid: 0, stat: statIn(new Fields(new Uint8Array(128)), 0) };
    if (body.length !== EntryOut.bytes) throw new Error('an entry of another length');
    return {
      errno,
      id: fields.u64(EntryOut.nodeid),
      valid: fields.u64(EntryOut.entryValid),
      stat: statIn(fields, EntryOut.attr),
    };
  }

  /** Look up a path. @returns Its number, 0 if it is not there. */
  walk(path: string): number {
    let id = ROOT_ID;
    for (const name of path.split('/')) {
      id = this.lookup(id, name).id;
      if (id === 0) return 0;
    }
    return id;
  }

  stat(id: number): Stat & { errno: number } {
    const { errno, fields } = this.#must(Opcode.getattr, id, new Uint8Array(16));
    return { errno, ...(errno === 0 ? statIn(fields, AttrOut.attr) : statIn(new Fields(new Uint8Array(128)), 0)) };
  }

  setattr(id: number, valid: number, values: { mode?: number; uid?: number } = {}): number {
    const body = bodyOf(SetAttrIn.bytes, (fields) => {
      fields.put32(SetAttrIn.valid, valid);
      fields.put32(SetAttrIn.mode, values.mode ?? 0);
      fields.put32(SetAttrIn.uid, values.uid ?? 0);
    });
    return this.#must(Opcode.setattr, id, body).errno;
  }

  /** @returns An errno, and the handle. */
  open(
    id: number,
    flags: number,
    by?: { uid?: number; pid?: number },
  ): { errno: number; handle: number; flags: number } {
    const body = bodyOf(OpenIn.bytes, (fields) => fields.put32(OpenIn.flags, flags));
    const { errno, fields } = this.#must(Opcode.open, id, body, by);
    return errno === 0
      ? { errno, handle: fields.u64(OpenOut.handle), flags: fields.u32(OpenOut.flags) }
      : { errno, handle: 0, flags: 0 };
  }

  #readAt(opcode: number, id: number, handle: number, offset: number, size: number): Reply {
    const body = bodyOf(ReadIn.bytes, (fields) => {
      fields.put64(ReadIn.handle, handle);
      fields.put64(ReadIn.offset, offset);
      fields.put32(ReadIn.size, size);
    });
    return this.#must(opcode, id, body);
  }

  /** @returns The text, or an errno. */
  read(id: number, handle: number, offset = 0, size = 4096): string | number {
    const { errno, body } = this.#readAt(Opcode.read, id, handle, offset, size);
    return errno === 0 ? Buffer.from(body).toString('latin1') : errno;
  }

  /** @returns How many bytes were taken, or an errno below 0. */
  write(id: number, handle: number, text: string, by?: { uid?: number; pid?: number }): number {
    const bytes = new Uint8Array(Buffer.from(text));
    const body = bodyOf(
      WriteIn.bytes,
      (fields) => {
        fields.put64(WriteIn.handle, handle);
        fields.put32(WriteIn.size, bytes.length);
      },
      bytes,
    );
    const { errno, fields } = this.#must(Opcode.write, id, body, by);
    return errno === 0 ? fields.u32(WriteOut.size) : -errno;
  }

  release(id: number, handle: number): void {
    this.#must(
      Opcode.release,
      id,
      bodyOf(ReleaseIn.bytes, (fields) => fields.put64(ReleaseIn.handle, handle)),
    );
  }

  forget(id: number, lookups: number): void {
    this.ask(
      Opcode.forget,
      id,
      bodyOf(ForgetIn.bytes, (fields) => fields.put64(ForgetIn.lookups, lookups)),
    );
  }

  /** One part of a listing. */
  readdir(id: number, after = 0, { size = 4096, plus = false } = {}): { errno: number; entries: Entry[] } {
    const { errno, body } = this.#readAt(plus ? Opcode.readdirplus : Opcode.readdir, id, 0, after, size);
    const entries: Entry[] = [];
    for (let at = 0; errno === 0 && at < body.length; ) {
      if (plus) at += EntryOut.bytes;
      const fields = new Fields(body, at);
      const length = fields.u32(Dirent.nameLength);
      entries.push({
        name: Buffer.from(body.subarray(at + Dirent.bytes, at + Dirent.bytes + length)).toString(),
        ino: fields.u64(Dirent.ino),
        position: fields.u64(Dirent.offset),
        type: fields.u32(Dirent.type),
      });
      at += (Dirent.bytes + length + 7) & ~7;
    }
    return { errno, entries };
  }

  /** All of a listing, in parts of a given size. */
  list(id: number, options: { size?: number; plus?: boolean } = {}): Entry[] {
    const all: Entry[] = [];
    for (;;) {
      const { entries } = this.readdir(id, all.at(-1)?.position ?? 0, options);
      if (entries.length === 0) return all;
      all.push(...entries);
    }
  }
}

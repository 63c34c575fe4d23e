import { constants } from 'node:os';
import type { Caller, SysfsDirectory } from '../node.js';
import { CACHE_SECONDS, permissionsOf, putAttributes, putEntry } from './attributes.js';
import { putDirectory } from './directory.js';
import { errnoOf } from './errno.js';
import { Fields } from './fields.js';
import { answerInit } from './init.js';
import { type Inode, InodeTable } from './inodes.js';
import { OpenFiles } from './open-files.js';
import {
  AttrOut,
  BatchForgetIn,
  EntryOut,
  FILE_TYPE_MASK,
  FileType,
  ForgetIn,
  ForgetOne,
  InitIn,
  MknodIn,
  Opcode,
  OpenFlag,
  OpenIn,
  OpenOut,
  ReadIn,
  ReleaseIn,
  ReplyHeader,
  RequestHeader,
  SetAttr,
  SetAttrIn,
  StatfsOut,
  WriteIn,
  WriteOut,
} from './protocol.js';
import { nameIn, type Request, readRequest } from './request.js';

const { EACCES, EINVAL, EIO, ENOENT, ENOSYS, ENOTDIR, EPERM, ESTALE } = constants.errno;

const BODY = ReplyHeader.bytes;
/** The most that a reply holds: as much as the kernel asks for at once. */
const REPLY_BYTES = BODY + 256 * 1024;

const PAGE = 4096;
const NAME_LENGTH = 255;

export interface FuseServerOptions {
  /** Who a user id and a thread id of a request are. */
  readonly callerOf: (uid: number, pid: number) => Caller;
  /** The tree threw what it must not throw; the program that asked gets `EIO`. */
  readonly onError?: (error: unknown) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** How many bytes the reply has behind its header, an errno below 0, or `undefined`: the request has no reply. */
type Answer = number | undefined;

interface Operation {
  /** How many bytes a request has at least, behind its header. */
  readonly bytes: number;
  answer(request: Request): Answer;
}

/**
 * Answers the kernel's requests from a tree. Bytes in, bytes out: no input, no output, no clock but the one given.
 *
 * Whatever it is fed, it answers or keeps silent; it never throws.
 */
export class FuseServer {
  readonly inodes: InodeTable;
  readonly files = new OpenFiles();
  readonly #options: FuseServerOptions;
  readonly #out = Buffer.alloc(REPLY_BYTES);
  readonly #body = new Fields(this.#out, BODY);
  readonly #operations: ReadonlyMap<number, Operation>;
  #knowsNoOpendir = false;
  #ready = false;

  constructor(root: SysfsDirectory, options: FuseServerOptions) {
    this.#options = options;
    this.inodes = new InodeTable(root, options.now ?? Date.now);
    this.#operations = new Map(this.#table());
  }

  /** The kernel and this have agreed on how to talk. */
  get ready(): boolean {
    return this.#ready;
  }

  /**
   * @param bytes - One request.
   * @returns The reply, good until the next call; `undefined`: there is none.
   */
  handle(bytes: Uint8Array): Uint8Array | undefined {
    const request = readRequest(bytes);
    if (!request) return undefined;
    const operation = this.#operations.get(request.opcode);
    const answer = operation ? this.#run(operation, request) : -ENOSYS;
    if (answer === undefined) return undefined;
    const length = BODY + Math.max(answer, 0);
    const header = new Fields(this.#out);
    header.put32(ReplyHeader.length, length);
    header.put32(ReplyHeader.error, Math.min(answer, 0) >>> 0);
    this.#out.set(bytes.subarray(RequestHeader.unique, RequestHeader.nodeid), ReplyHeader.unique);
    return this.#out.subarray(0, length);
  }

  #run(operation: Operation, request: Request): Answer {
    const isForget = request.opcode === Opcode.forget || request.opcode === Opcode.batchForget;
    if (request.body.length < operation.bytes) return isForget ? undefined : -EINVAL;
    try {
      return operation.answer(request);
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined) this.#options.onError?.(error);
      return -(errno ?? EIO);
    }
  }

  #table(): [number, Operation][] {
    const refuse = (errno: number): Operation => ({ bytes: 0, answer: () => -errno });
    const accept: Operation = { bytes: 0, answer: () => 0 };
    /** About an entry that the kernel knows. */
    const of = (bytes: number, answer: (inode: Inode, request: Request) => Answer): Operation => ({
      bytes,
      answer: (request) => {
        const inode = this.inodes.get(request.nodeid);
        return inode ? answer(inode, request) : -ESTALE;
      },
    });
    return [
      [Opcode.init, { bytes: InitIn.bytes, answer: (request) => this.#init(request) }],
      [Opcode.forget, { bytes: ForgetIn.bytes, answer: (request) => this.#forget(request) }],
      [Opcode.batchForget, { bytes: BatchForgetIn.bytes, answer: (request) => this.#batchForget(request) }],
      [Opcode.lookup, of(1, (inode, { body }) => this.#lookup(inode, nameIn(body)))],
      [Opcode.getattr, of(0, (inode) => this.#attributes(inode))],
      [Opcode.setattr, of(SetAttrIn.bytes, (inode, request) => this.#setAttributes(inode, request))],
      [Opcode.readlink, of(0, (inode) => this.#readlink(inode))],
      [Opcode.open, of(OpenIn.bytes, (inode, request) => this.#open(inode, request))],
      [Opcode.read, { bytes: ReadIn.bytes, answer: (request) => this.#read(request) }],
      [Opcode.write, { bytes: WriteIn.bytes, answer: (request) => this.#write(request) }],
      [Opcode.release, { bytes: ReleaseIn.bytes, answer: (request) => this.#release(request) }],
      [Opcode.opendir, of(0, (inode) => this.#opendir(inode))],
      [Opcode.readdir, of(ReadIn.bytes, (inode, request) => this.#readdir(inode, request, false))],
      [Opcode.readdirplus, of(ReadIn.bytes, (inode, request) => this.#readdir(inode, request, true))],
      [Opcode.releasedir, accept],
      [Opcode.destroy, accept],
      [Opcode.statfs, { bytes: 0, answer: () => this.#statfs() }],
      // What sysfs answers to those who want to make or remove something by hand (as observed).
      [Opcode.create, refuse(EACCES)],
      [Opcode.mknod, { bytes: MknodIn.bytes, answer: ({ fields }) => -(isFile(fields) ? EACCES : EPERM) }],
      ...[Opcode.mkdir, Opcode.symlink, Opcode.link, Opcode.unlink, Opcode.rmdir, Opcode.rename, Opcode.rename2].map(
        (opcode): [number, Operation] => [opcode, refuse(EPERM)],
      ),
    ];
  }

  #init(request: Request): Answer {
    const { answer, knowsNoOpendir } = answerInit(request, this.#out.subarray(BODY));
    this.#knowsNoOpendir = knowsNoOpendir;
    this.#ready ||= answer > 0;
    return answer;
  }

  #forget({ nodeid, fields }: Request): Answer {
    this.inodes.forget(nodeid, fields.u64(ForgetIn.lookups));
    return undefined;
  }

  #batchForget({ body, fields }: Request): Answer {
    const held = Math.floor((body.length - BatchForgetIn.bytes) / ForgetOne.bytes);
    const count = Math.min(fields.u32(BatchForgetIn.count), held);
    for (let index = 0; index < count; index++) {
      const at = BatchForgetIn.bytes + index * ForgetOne.bytes;
      this.inodes.forget(fields.u64(at + ForgetOne.nodeid), fields.u64(at + ForgetOne.lookups));
    }
    return undefined;
  }

  #lookup(parent: Inode, name: string): Answer {
    if (!parent.entries) return -ENOTDIR;
    if (parent.gone) return -ENOENT;
    putEntry(this.#out, BODY, this.inodes.lookUp(parent, name));
    return EntryOut.bytes;
  }

  #attributes(inode: Inode): Answer {
    this.#out.fill(0, BODY, BODY + AttrOut.attr);
    this.#body.put64(AttrOut.valid, CACHE_SECONDS);
    putAttributes(this.#out, BODY + AttrOut.attr, inode);
    return AttrOut.bytes;
  }

  /** Times and sizes may be set without effect, as in sysfs; unlike there, modes and owners stay as they are. */
  #setAttributes(inode: Inode, { fields }: Request): Answer {
    const valid = fields.u32(SetAttrIn.valid);
    const changes =
      ((valid & SetAttr.mode) !== 0 && (fields.u32(SetAttrIn.mode) & 0o7777) !== permissionsOf(inode.node)) ||
      ((valid & SetAttr.uid) !== 0 && fields.u32(SetAttrIn.uid) !== 0) ||
      ((valid & SetAttr.gid) !== 0 && fields.u32(SetAttrIn.gid) !== 0);
    return changes ? -EPERM : this.#attributes(inode);
  }

  #readlink({ node }: Inode): Answer {
    return node.kind === 'link' ? this.#out.write(node.target, BODY) : -EINVAL;
  }

  #open(inode: Inode, { fields, uid, pid }: Request): Answer {
    const handle = this.files.open(inode, fields.u32(OpenIn.flags), this.#options.callerOf(uid, pid));
    if (handle < 0) return handle;
    this.#out.fill(0, BODY, BODY + OpenOut.bytes);
    this.#body.put64(OpenOut.handle, handle);
    // Each read comes to us, so it shows the tree as it is. Without a flush at the end: a process that held a file of its
    // own mount open could otherwise never be ended.
    this.#body.put32(OpenOut.flags, OpenFlag.directIo | OpenFlag.noFlush);
    return OpenOut.bytes;
  }

  #read({ fields }: Request): Answer {
    const size = Math.min(fields.u32(ReadIn.size), REPLY_BYTES - BODY);
    const part = this.files.read(fields.u64(ReadIn.handle), fields.u64(ReadIn.offset), size);
    if (typeof part === 'number') return part;
    this.#out.set(part, BODY);
    return part.length;
  }

  #write({ body, fields, uid, pid }: Request): Answer {
    const bytes = body.subarray(WriteIn.bytes, WriteIn.bytes + fields.u32(WriteIn.size));
    if (bytes.length < fields.u32(WriteIn.size)) return -EINVAL;
    const taken = this.files.write(fields.u64(WriteIn.handle), bytes, this.#options.callerOf(uid, pid));
    if (taken < 0) return taken;
    this.#out.fill(0, BODY, BODY + WriteOut.bytes);
    this.#body.put32(WriteOut.size, taken);
    return WriteOut.bytes;
  }

  #release({ fields }: Request): Answer {
    this.files.release(fields.u64(ReleaseIn.handle));
    return 0;
  }

  /** A kernel that knows how to do without is spared the asking; it then keeps listings, as the flags ask others to. */
  #opendir({ gone }: Inode): Answer {
    if (this.#knowsNoOpendir) return -ENOSYS;
    if (gone) return -ENOENT;
    this.#out.fill(0, BODY, BODY + OpenOut.bytes);
    this.#body.put32(OpenOut.flags, OpenFlag.keepCache | OpenFlag.cacheDir);
    return OpenOut.bytes;
  }

  #readdir(directory: Inode, { fields }: Request, plus: boolean): Answer {
    if (!directory.entries) return -ENOTDIR;
    if (directory.gone) return -ENOENT;
    const size = Math.min(fields.u32(ReadIn.size), REPLY_BYTES - BODY);
    const after = fields.u64(ReadIn.offset);
    const place = { bytes: this.#out, start: BODY, end: BODY + size, after, plus };
    const end = putDirectory(this.inodes, directory, place);
    return end === undefined ? -EINVAL : end - BODY;
  }

  #statfs(): Answer {
    this.#out.fill(0, BODY, BODY + StatfsOut.bytes);
    this.#body.put32(StatfsOut.blockSize, PAGE);
    this.#body.put32(StatfsOut.nameLength, NAME_LENGTH);
    this.#body.put32(StatfsOut.fragmentSize, PAGE);
    return StatfsOut.bytes;
  }
}

const isFile = (mknod: Fields): boolean => (mknod.u32(MknodIn.mode) & FILE_TYPE_MASK) === FileType.file;

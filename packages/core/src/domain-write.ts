import { type DomainDemand, obtainDomain } from './domain-choice.js';
import { type Errno, type IommuError, refused } from './errors.js';
import type { DomainType } from './group.js';

/** Who writes to a file. Both default to true. */
export interface Capabilities {
  /** `CAP_SYS_ADMIN`: without it `writeType()` refuses with `EACCES`, unless the text is empty. */
  readonly sysAdmin?: boolean;
  /** `CAP_SYS_RAWIO`, which `writeType()` wants as well. */
  readonly sysRawio?: boolean;
}

/** What a write to `type` depends on. */
export interface DomainWriteState {
  /** The group, for messages. */
  readonly id: number;
  readonly current: DomainType | undefined;
  /** Members of the group. */
  readonly members: number;
  /** Whether a kernel driver of any kind is bound to the first member. */
  readonly firstBound: boolean;
  /** Drivers that use the group's DMA, plus its exclusive owners. */
  readonly ownerCount: number;
  /** An exclusive owner holds the group. */
  readonly owned: boolean;
  readonly demand: DomainDemand;
  readonly system: DomainType;
  /** Why no domain of this type can be had. */
  readonly domainError: (type: DomainType) => Errno | undefined;
  /**
   * Which checks stand before the change. `none`: the file is read-only. `single-device`: one member, with no driver
   * bound. `owner`: nobody uses the group's DMA.
   */
  readonly rule: 'none' | 'single-device' | 'owner';
  /** Whether the release knows the word `DMA-FQ`. */
  readonly flushQueue: boolean;
}

const WORDS = ['identity', 'DMA', 'auto'];

/** The checks of 5.11 to 6.4. @see Linux v6.1 drivers/iommu/iommu.c iommu_group_store_type() */
const refusalSingleDevice = (state: DomainWriteState, request: string): IommuError | undefined => {
  if (state.members !== 1) return refused('EINVAL', `group ${state.id} has ${state.members} members, not one`);
  if (state.firstBound && !(request === 'DMA-FQ' && state.current === 'DMA')) {
    return refused('EBUSY', `the device of group ${state.id} is bound to a driver`);
  }
  if (state.owned) return refused('EBUSY', `group ${state.id} is claimed by an owner`);
  return undefined;
};

/** The checks since 6.5. @see Linux v7.0 drivers/iommu/iommu.c iommu_group_store_type() */
const refusalOwner = (state: DomainWriteState): IommuError | undefined =>
  state.members === 0 || state.ownerCount !== 0
    ? refused('EPERM', `the DMA of group ${state.id} is in use by ${state.ownerCount} drivers or owners`)
    : undefined;

/**
 * Decide a write to `/sys/kernel/iommu_groups/<id>/type` by a caller that has the capabilities for it.
 *
 * @param text - As written; one newline may end it. The empty text is no write at all and changes nothing.
 * @returns The type that the group has from then on.
 * @throws `ERR_REFUSED` with the kernel's errno; nothing has changed then.
 */
export const decideDomainWrite = (text: string, state: DomainWriteState): DomainType | undefined => {
  if (state.rule === 'none') throw refused('EACCES', 'the type file of this release is read-only');
  if (text === '') return state.current;
  if (!state.current) throw refused('EINVAL', `group ${state.id} has no default domain`);
  const request = text.endsWith('\n') ? text.slice(0, -1) : text;
  const words = state.flushQueue ? [...WORDS, 'DMA-FQ'] : WORDS;
  if (!words.includes(request)) {
    throw refused('EINVAL', `type '${request}' is none of ${words.join(', ')}`);
  }

  // A flush queue can be started under the drivers' feet: no domain changes.
  if (state.rule === 'owner' && request === 'DMA-FQ' && state.current === 'DMA') return 'DMA-FQ';
  const refusal = state.rule === 'single-device' ? refusalSingleDevice(state, request) : refusalOwner(state);
  if (refusal) throw refusal;
  if (state.demand === 'conflict') {
    throw refused('EINVAL', `group ${state.id} has an untrusted member, and a driver that insists on identity`);
  }

  const target = request === 'auto' ? (state.demand ?? state.system) : (request as DomainType);
  if (state.demand && state.demand !== target) {
    throw refused('EINVAL', `the drivers of group ${state.id} force ${state.demand}`);
  }
  if (target === state.current) return target;
  const { type, errno } = obtainDomain(target, request !== 'auto' || state.demand !== undefined, state.domainError);
  if (errno) throw refused(errno, `no ${type} domain for group ${state.id}`);
  return type;
};

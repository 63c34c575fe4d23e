import { isVmdHost, parsePciAddress } from '@iommu/pci';

/** Segments from here on are made by endpoints that host them; up to here firmware numbers them. */
const FIRST_HOSTED_SEGMENT = 0x10000;

/** Whether an id of a function (`8086:467f`) is of an endpoint that hosts a segment of its own. */
export const isVmdId = (id: string | undefined): boolean => {
  const [vendor, device] = (id ?? '').split(':').map((part) => Number.parseInt(part, 16));
  return isVmdHost(vendor, device);
};

/**
 * The endpoint behind which each segment of theirs is: the kernel numbers the segments as it finds the endpoints.
 *
 * @param functions - In any order.
 * @returns The host's address by segment.
 * @see Linux v6.1 drivers/pci/controller/vmd.c vmd_find_free_domain()
 */
export const segmentHosts = (
  functions: readonly { readonly address: string; readonly isHost: boolean }[],
): ReadonlyMap<number, string> => {
  const segmentOf = (address: string): number => parsePciAddress(address).segment;
  const hosts = functions
    .filter(({ address, isHost }) => isHost && segmentOf(address) < FIRST_HOSTED_SEGMENT)
    .map(({ address }) => address)
    .sort();
  const segments = [...new Set(functions.map(({ address }) => segmentOf(address)))]
    .filter((segment) => segment >= FIRST_HOSTED_SEGMENT)
    .sort((a, b) => a - b);
  // An endpoint behind which nothing is has a number too; one that was taken over by no driver has none.
  const numbered = segments.every((segment) => segment - FIRST_HOSTED_SEGMENT < hosts.length);
  return new Map(
    segments.flatMap((segment, at) => {
      const host = hosts[numbered ? segment - FIRST_HOSTED_SEGMENT : at];
      return host === undefined ? [] : [[segment, host] as const];
    }),
  );
};

/** Only the checkout's own tools know this condition of `exports`; to others it would mean TypeScript below node_modules. */
const SOURCE = '@iommu/source';

const withoutSource = (exports) =>
  typeof exports === 'object' && exports !== null
    ? Object.fromEntries(
        Object.entries(exports).flatMap(([key, value]) => (key === SOURCE ? [] : [[key, withoutSource(value)]])),
      )
    : exports;

/** What is published of a manifest: nothing of how the package is made. */
const beforePacking = ({ devDependencies, scripts, ...manifest }) => ({
  ...manifest,
  ...(manifest.exports !== undefined && { exports: withoutSource(manifest.exports) }),
});

module.exports = { hooks: { beforePacking } };

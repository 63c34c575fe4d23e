import type { Entries } from './trees.js';

/** What the archive below holds. */
export const ENTRIES: Entries = { 'top/file': 'text\n', 'top/link': { link: '../file' } };

/** Made by Python's tarfile and bz2: nothing here can pack bzip2. */
export const TAR_BZ2: Uint8Array = Buffer.from(
  'QlpoOTFBWSZTWRAP260AAJb7gMmQAQBAAfeAAGBjLd5ACEggAHQSiCCGAT1BjTJoJKIAaNAAAD7DNjiAlYgBsSSEPfwNJgscpCQQhgHTVZjFVyqBHighAYIedXEKmOGwG61j2sD0bi/DYbxwOV5EiSJzOpUpTrIRA7F3JFOFCQEA/brQ',
  'base64',
);

/** 192 MiB of zeros, packed by Python's bz2. */
export const ZEROS_BZ2: Uint8Array = Buffer.from(
  'QlpoOTFBWSZTWQ4J4t8BX45AAMAAAAggADCATUZCoCWpCoCXMUFZJlNZDgni3wFfjkAAwAAACCAAMIBNRkKgJakKgJcxQVkmU1kOCeLfAV+OQADAAAAIIAAwgE1GQqAlqQqAlzFBWSZTWQ4J4t8BX45AAMAAAAggADCATUZCoCWpCoCXMUFZJlNZBAR4AQCHzEAAwEAACCAAIKU0GYwoqoNiKKqDxdyRThQkLDhDcsA=',
  'base64',
);

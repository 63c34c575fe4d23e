/** A number in hexadecimal, filled up to so many digits; `null` for what is not known. */
export const hex = (value: number | undefined, digits: number): string | null =>
  value === undefined ? null : value.toString(16).padStart(digits, '0');

/** Base class, subclass and programming interface, as sysfs shows them without `0x`: `030000`. */
export const classText = (code: number | undefined): string | null => hex(code, 6);

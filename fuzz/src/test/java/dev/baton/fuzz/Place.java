package dev.baton.fuzz;

/**
 * A number of a file that a mutator may change.
 *
 * @param name of the field, with its table
 * @param at byte in the file
 * @param width bytes: 1, 2, 4 or 8
 */
record Place(Kind kind, String name, int at, int width) {
  enum Kind {
    /** A number, a truth value, an enum, the type of a union, or an element of a vector of them. */
    SCALAR,
    /** A forward offset, relative to where it stands. */
    OFFSET,
    /** The length of a vector or of a string. */
    LENGTH,
    /** Where a vtable says that a field is; 0 for an absent field. */
    SLOT
  }
}

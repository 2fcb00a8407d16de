/**
 * XNNPACK's C API through the Foreign Function and Memory API; nothing outside of this package
 * knows an address of a function. Handles of native objects are {@code long}s.
 */
package dev.baton.xnnpack.ffi;

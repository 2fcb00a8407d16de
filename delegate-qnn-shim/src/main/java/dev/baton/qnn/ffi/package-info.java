/**
 * The binding: tables of function pointers, layouts by version, handles whose lifetimes are
 * counted. Knows nothing of programs.
 */
package dev.baton.qnn.ffi;

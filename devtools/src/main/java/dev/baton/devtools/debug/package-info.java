/**
 * Numerical debugging: which operator, on which delegate, gives something else than it should, and
 * the smallest program that shows it. {@link dev.baton.devtools.debug.Debugger} is where it begins.
 */
package dev.baton.devtools.debug;

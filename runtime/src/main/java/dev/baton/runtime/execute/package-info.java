/**
 * Runs plans: blocks one after the other, delegates with their fallback, state, and the memory of
 * each caller.
 */
package dev.baton.runtime.execute;

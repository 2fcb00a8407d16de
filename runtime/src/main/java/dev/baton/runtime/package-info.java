/** The public API of Baton, on two levels. */
package dev.baton.runtime;

/** Repeats a sample of delegates' runs in Java, and says how far the results are apart. */
package dev.baton.runtime.shadow;

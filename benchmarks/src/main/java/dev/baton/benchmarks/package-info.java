/** What every measurement needs: spread, the machine, tables in documents. */
@NullMarked
package dev.baton.benchmarks;

import org.jspecify.annotations.NullMarked;

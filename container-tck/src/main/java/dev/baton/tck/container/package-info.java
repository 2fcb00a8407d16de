/**
 * Tests of fallback paths where they are taken: an application runs in containers, each a host of
 * some kind, and what ran where, why, and with what result is compared with what the test declares.
 * {@link dev.baton.tck.container.HostMatrix} is the class to open first.
 */
@NullMarked
package dev.baton.tck.container;

import org.jspecify.annotations.NullMarked;

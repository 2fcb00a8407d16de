/** Meters of what Baton does, for Micrometer. */
package dev.baton.micrometer;

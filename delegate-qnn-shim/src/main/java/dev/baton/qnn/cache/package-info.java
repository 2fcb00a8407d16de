/** Keeps compiled graphs on disk. */
package dev.baton.qnn.cache;

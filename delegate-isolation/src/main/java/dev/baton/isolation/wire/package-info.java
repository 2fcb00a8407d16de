/**
 * What parent and child say to each other: frames over a socket, tensors and constants in shared
 * memory.
 */
package dev.baton.isolation.wire;

/** The side of the child process. */
package dev.baton.isolation.child;

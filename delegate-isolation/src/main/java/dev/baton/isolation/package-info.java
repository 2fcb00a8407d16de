/**
 * Delegates in child processes. {@link dev.baton.isolation.Isolation} makes one by code, {@link
 * dev.baton.isolation.IsolationWrapper} by a system property.
 */
package dev.baton.isolation;

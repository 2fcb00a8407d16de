/**
 * What every delegate must do, as tests: a vendor's test class extends {@link
 * dev.baton.tck.conformance.DelegateConformance} and names its delegate.
 */
package dev.baton.tck.conformance;

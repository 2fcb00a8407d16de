/** The flat C interface to Core ML, {@code native/coreml-shim/baton_coreml.h}, through FFM. */
package dev.baton.coreml.ffi;
